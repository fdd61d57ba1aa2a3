/** Parquet files as a relation. Their names are taken as they are, patterns and folders alike. */
export function parquetFiles(files: readonly string[]): string {
  const names = files.map((file) => `'${file.replaceAll(/[*?[]/g, '[$&]').replaceAll(`'`, `''`)}'`)
  return `read_parquet([${names.join(', ')}], hive_partitioning = false)`
}
