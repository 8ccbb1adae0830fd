-- SPDX-License-Identifier: GPL-3.0-or-later
-- The recommended table. The server fills the columns that exist: leave out
-- what the front end does not read, add columns of your own that have a
-- default. `hash` must stay and should stay UNIQUE: with that key a commit
-- whose outcome nobody knows is settled by sending the same row again.
CREATE TABLE IF NOT EXISTS `new_mail` (
  `mail_id` bigint unsigned NOT NULL AUTO_INCREMENT,
  `date` datetime NOT NULL,
  `from` varchar(320) NOT NULL,
  `to` varchar(320) COLLATE utf8mb4_bin NOT NULL,
  `subject` varchar(255) NOT NULL,
  `body` mediumtext NOT NULL,
  `charset` varchar(64) NOT NULL,
  `mail` longblob NOT NULL,
  `spam_score` float NOT NULL,
  `hash` char(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `content_type` varchar(127) NOT NULL,
  `recipient` varchar(320) COLLATE utf8mb4_bin NOT NULL,
  `has_attach` tinyint unsigned NOT NULL,
  `ip_addr` varbinary(16) NOT NULL,
  `return_path` varchar(320) NOT NULL,
  `helo` varchar(255) NOT NULL,
  `is_tls` tinyint unsigned NOT NULL,
  `size` bigint unsigned NOT NULL,
  `message_id` varchar(255) NOT NULL,
  `reply_to` varchar(320) NOT NULL,
  `sender` varchar(320) NOT NULL,
  PRIMARY KEY (`mail_id`),
  UNIQUE KEY `hash` (`hash`),
  KEY `to` (`to`),
  KEY `date` (`date`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4;
