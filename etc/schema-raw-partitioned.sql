-- SPDX-License-Identifier: GPL-3.0-or-later
-- The table of schema-raw.sql, partitioned on `date` beside the rows of
-- schema-partitioned.sql: a partition is dropped once no row is that old.
CREATE TABLE IF NOT EXISTS `new_mail_raw` (
  `hash` char(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `date` datetime NOT NULL,
  `mail` longblob NOT NULL,
  PRIMARY KEY (`hash`, `date`),
  KEY `date` (`date`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4
PARTITION BY RANGE COLUMNS (`date`) (
  PARTITION `pmax` VALUES LESS THAN (MAXVALUE)
);
