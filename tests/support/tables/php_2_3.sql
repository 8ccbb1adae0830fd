-- SPDX-License-Identifier: GPL-3.0-or-later
-- As PHP's version 2.3 wanted it: longblob, has_attach, ip_addr as text.
CREATE TABLE new_mail (
  mail_id int NOT NULL AUTO_INCREMENT PRIMARY KEY,
  `date` datetime NOT NULL,
  `from` varchar(128) CHARACTER SET latin1 NOT NULL,
  `to` varchar(128) CHARACTER SET latin1 NOT NULL,
  subject varchar(255) NOT NULL,
  body text NOT NULL,
  charset varchar(32) CHARACTER SET latin1 NOT NULL,
  mail longblob NOT NULL,
  spam_score float NOT NULL,
  hash char(32) CHARACTER SET latin1 NOT NULL,
  content_type varchar(64) CHARACTER SET latin1 NOT NULL,
  recipient varchar(128) CHARACTER SET latin1 NOT NULL,
  has_attach int NOT NULL,
  ip_addr varchar(15) NOT NULL,
  KEY (`to`), KEY (hash), KEY (`date`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3;
