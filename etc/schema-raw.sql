-- SPDX-License-Identifier: GPL-3.0-or-later
-- For `raw_table`: each message's raw bytes once, however many its recipients
-- are. `hash` is that of its rows with 0000 as the last four digits, and must
-- be UNIQUE: what is there was committed together with its rows, and is not
-- committed again. A row's column `mail` then has its own trace headers alone.
CREATE TABLE IF NOT EXISTS `new_mail_raw` (
  `hash` char(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `date` datetime NOT NULL,
  `mail` longblob NOT NULL,
  PRIMARY KEY (`hash`),
  KEY `date` (`date`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4;
