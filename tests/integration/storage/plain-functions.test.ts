import { expect, it } from 'vitest'
import { timesWrittenOut } from '../../../src/storage/duckdb/alias-growth.ts'
import { plainFunctions } from '../../../src/storage/duckdb/plain-functions.ts'
import { openManager, someTicks, sql } from '../../support/store.ts'

/** A new engine's new functions have to be looked at before a stranger may call them. */
const notTaken =
  'aggregate array_aggr array_aggregate bitstring_agg can_cast_implicitly cast_to_type col_description combine constant_or_null create_sort_key ' +
  'current_connection_id current_query current_query_id current_schemas current_setting ' +
  'current_transaction_id currval equi_width_bins finalize format_pg_type format_type get_block_size get_type ' +
  'icu_sort_key in_search_path json_deserialize_sql json_serialize_plan json_serialize_sql list_aggr list_aggregate ' +
  'make_type map_to_pg_oid nextval obj_description parse_duckdb_log_message remap_struct replace_type ' +
  'setseed shobj_description sleep_ms stats timetz_byte_comparable txid_current ' +
  'variant_bytes_to_variant variant_extract variant_normalize variant_to_parquet_variant variant_typeof ' +
  'vector_type write_log'
/** Families of which none is taken. */
const families = /^(?:__internal|icu_collate|st|has|inet|pg(?!_size_pretty|_typeof))_/

it('are all of the engine but for those that were found to reach further', async () => {
  const db = await openManager()
  await db.insertTicks('x/spot/A', someTicks(1))
  const known = await db.query(
    'x/spot/A',
    sql<{ name: string }>(
      `SELECT DISTINCT lower(function_name) AS name FROM duckdb_functions()
       WHERE function_type IN ('scalar', 'aggregate', 'macro') AND function_name NOT LIKE 'pairduck%' ORDER BY name`,
    ),
  )
  const names = known.map(({ name }) => name)
  const left = names.filter((name) => !plainFunctions.has(name) && !families.test(name))
  expect(left).toEqual(notTaken.split(' '))
  const taken = [...plainFunctions].filter((name) => !names.includes(name) && name !== 'unnest')
  expect(taken).toEqual([])
})

it('are counted as often as they write out what they are given, where they are macros', async () => {
  const db = await openManager()
  await db.insertTicks('x/spot/A', someTicks(1))
  const macros = await db.query(
    'x/spot/A',
    sql<{ name: string; parameters: string[]; text: string }>(
      `SELECT lower(function_name) AS name, parameters, macro_definition AS text FROM duckdb_functions()
       WHERE function_type = 'macro' AND schema_name = 'main' AND internal`,
    ),
  )
  const wrong = macros.filter(({ name, parameters, text }) => {
    // A name within quotes may be a field's.
    const times = parameters.map(
      (each) => text.replaceAll(/"\w+" :=/g, '').split(new RegExp(`\\b${each}\\b`)).length - 1,
    )
    return plainFunctions.has(name) && Math.max(0, ...times) > (timesWrittenOut.get(name) ?? 1)
  })
  expect(wrong.map(({ name }) => name)).toEqual([])
})
