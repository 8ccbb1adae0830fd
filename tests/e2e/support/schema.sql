CREATE TABLE new_mail (
  `mail_id` bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  `hash` char(32) CHARACTER SET ascii NOT NULL,
  `date` datetime NOT NULL,
  `from` varchar(320) NOT NULL, `to` varchar(320) NOT NULL,
  `recipient` varchar(320) NOT NULL, `return_path` varchar(320) NOT NULL DEFAULT '',
  `subject` varchar(1000) NOT NULL, `body` mediumtext NOT NULL,
  `charset` varchar(40) NOT NULL DEFAULT '', `content_type` varchar(255) NOT NULL DEFAULT '',
  `mail` longblob NOT NULL, `spam_score` float NOT NULL DEFAULT 0,
  `size` int unsigned NOT NULL DEFAULT 0, `has_attach` tinyint NOT NULL DEFAULT 0,
  `ip_addr` varbinary(16) NOT NULL DEFAULT '', `helo` varchar(255) NOT NULL DEFAULT '',
  `is_tls` tinyint NOT NULL DEFAULT 0, `message_id` varchar(255) NOT NULL DEFAULT '',
  `reply_to` varchar(320) NOT NULL DEFAULT '', `sender` varchar(320) NOT NULL DEFAULT '',
  UNIQUE KEY (`hash`), KEY (`to`(100)), KEY (`date`)
) DEFAULT CHARSET=utf8mb4;
