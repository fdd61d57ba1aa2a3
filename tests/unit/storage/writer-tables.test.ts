import { describe, expect, it } from 'vitest'
import { described } from '../../../src/schema/tables.ts'
import { refuseWriterTables } from '../../../src/storage/pool/writer-tables.ts'

describe('writes to what the writer keeps', () => {
  it.each([
    `INSERT INTO ticks VALUES (1)`,
    `insert or ignore into ticks values (1)`,
    `INSERT INTO main.ticks VALUES (1)`,
    `INSERT INTO "ticks" VALUES (1)`,
    `INSERT INTO p1."main" . "ticks" VALUES (1)`,
    `INSERT /* into notes */ INTO -- notes\n ticks VALUES (1)`,
    `WITH x AS (SELECT 1) INSERT INTO ticks SELECT * FROM x`,
    `UPDATE ticks SET price = 1`,
    `DELETE FROM ticks`,
    `TRUNCATE ticks`,
    `TRUNCATE TABLE ticks`,
    `MERGE INTO ticks USING x ON true WHEN MATCHED THEN DELETE`,
    `ALTER TABLE ticks ADD COLUMN x INTEGER`,
    `ALTER TABLE IF EXISTS ticks DROP COLUMN price`,
    `DROP TABLE ticks`,
    `DROP TABLE IF EXISTS ticks`,
    `DROP VIEW candles_1m`,
    `CREATE OR REPLACE TABLE ticks (x INTEGER)`,
    `CREATE OR REPLACE VIEW candles_5m AS SELECT 1`,
    `CREATE TEMP TABLE ticks AS SELECT 1`,
    `CREATE INDEX by_time ON ticks (timestamp)`,
    `CREATE UNIQUE INDEX IF NOT EXISTS by_id ON main.ticks (trade_id)`,
    `COPY ticks FROM 'file.csv'`,
    `COPY ticks (timestamp, price) FROM 'file.csv'`,
    `DELETE FROM pairduck_candle_parts`,
    `UPDATE pairduck_marks SET deleted_before = NULL`,
    `DELETE FROM retention_rules`,
    `drop table "Retention_Rules"`,
    `ALTER TABLE main.gaps ADD COLUMN x INTEGER`,
    `UPDATE gaps SET state = 'filled'`,
    `DROP TABLE order_flow`,
    `drop table if exists main."Market_Profile"`,
    `ALTER TABLE supply_demand_zones RENAME TO zones`,
    `CREATE OR REPLACE TABLE fair_value_gaps (x INTEGER)`,
    `CREATE TEMP VIEW order_flow AS SELECT 1`,
    `CREATE UNIQUE INDEX one ON order_flow (timeframe)`,
    `SELECT 1; DELETE FROM ticks`,
    `SELECT 'it''s'; DELETE FROM ticks`,
    `SELECT E'\\'; DELETE FROM ticks; --'; DELETE FROM ticks`,
  ])('are refused: %s', (sql) => {
    expect(() => refuseWriterTables(sql)).toThrow(
      expect.objectContaining({ code: 'WRITE_REFUSED' }),
    )
  })

  it.each([
    `SELECT * FROM ticks`,
    `INSERT INTO notes SELECT price FROM ticks`,
    `CREATE TABLE my_ticks AS SELECT * FROM ticks`,
    `CREATE VIEW last_ticks AS SELECT * FROM ticks`,
    `DELETE FROM order_flow`,
    `INSERT INTO order_flow SELECT * FROM order_flow`,
    `UPDATE market_profile SET poc = 1`,
    `DROP TABLE my_order_flow`,
    `CREATE TABLE old_flow AS SELECT * FROM order_flow`,
    `INSERT INTO notes VALUES ('DELETE FROM ticks')`,
    `SELECT $$DELETE FROM ticks$$`,
    `SELECT $a$ INSERT INTO ticks $$ $a$`,
    `SELECT 1 -- DELETE FROM ticks`,
    `SELECT 1 /* DELETE FROM ticks */`,
    `COPY ticks TO 'file.parquet'`,
    `COPY (SELECT * FROM ticks) TO 'file.csv'`,
    `UPDATE notes SET text = 'ticks'`,
    `SELECT E'\\'; DELETE FROM ticks; --'`,
    `CREATE INDEX by_text ON notes (text); SELECT * FROM ticks`,
    `CREATE TABLE my_gaps AS SELECT * FROM gaps`,
    `DELETE FROM gaps_2026`,
  ])('are not seen in: %s', (sql) => {
    expect(() => refuseWriterTables(sql)).not.toThrow()
  })

  it.each(described.filter(({ insert }) => insert !== 'upsert' && insert !== 'candles'))(
    'are refused for $name, which takes no rows of callers',
    ({ name }) => {
      for (const sql of [
        `INSERT INTO ${name} SELECT 1`,
        `DELETE FROM ${name}`,
        `DROP TABLE ${name}`,
      ])
        expect(() => refuseWriterTables(sql)).toThrow(`\`${name}\` is kept by the pair's writer`)
    },
  )
})
