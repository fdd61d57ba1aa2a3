import { createSchemaSql } from './create.ts'

/**
 * What brings a file from schema version n to n + 1, at index n. Append only: a released entry
 * never changes. Each runs in one transaction that also asserts and sets the version.
 */
export const migrations: readonly (readonly string[])[] = [createSchemaSql([])]

/** The schema version of this package; a file with a higher one is refused, never touched. */
export const schemaVersion: number = migrations.length
