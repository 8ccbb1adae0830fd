-- SPDX-License-Identifier: GPL-3.0-or-later
-- The oldest of the family: eleven columns, utf8 of three bytes, the message
-- as text.
CREATE TABLE new_mail (
  mail_id int NOT NULL AUTO_INCREMENT PRIMARY KEY,
  `date` datetime NOT NULL,
  `from` varchar(128) CHARACTER SET latin1 NOT NULL,
  `to` varchar(128) CHARACTER SET latin1 NOT NULL,
  subject varchar(255) NOT NULL,
  body text NOT NULL,
  charset varchar(32) CHARACTER SET latin1 NOT NULL,
  mail text NOT NULL,
  spam_score float NOT NULL,
  hash char(32) CHARACTER SET latin1 NOT NULL,
  content_type varchar(64) CHARACTER SET latin1 NOT NULL,
  recipient varchar(128) CHARACTER SET latin1 NOT NULL,
  KEY (`to`), KEY (hash), KEY (`date`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3;
