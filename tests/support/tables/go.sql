-- SPDX-License-Identifier: GPL-3.0-or-later
-- As the successor in Go documents it: a narrow body, binary addresses, more
-- of the envelope.
CREATE TABLE new_mail (
  mail_id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  `date` datetime NOT NULL,
  `from` varchar(256) CHARACTER SET latin1 NOT NULL,
  `to` varchar(256) CHARACTER SET latin1 NOT NULL,
  subject varchar(255) NOT NULL,
  body varchar(16) NOT NULL,
  charset varchar(32) CHARACTER SET latin1 NOT NULL,
  mail longblob NOT NULL,
  spam_score float NOT NULL,
  hash char(32) CHARACTER SET latin1 NOT NULL,
  content_type varchar(64) CHARACTER SET latin1 NOT NULL,
  recipient varchar(255) CHARACTER SET latin1 NOT NULL,
  has_attach int NOT NULL,
  ip_addr varbinary(16) NOT NULL,
  return_path varchar(255) NOT NULL,
  is_tls bit(1) NOT NULL DEFAULT b'0',
  message_id varchar(256) CHARACTER SET latin1 NOT NULL,
  reply_to varchar(256) CHARACTER SET latin1 NOT NULL,
  sender varchar(256) CHARACTER SET latin1 NOT NULL,
  KEY (`to`), KEY (hash), KEY (`date`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3;
