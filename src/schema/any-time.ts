/**
 * A condition that every row meets. `ORDER BY timestamp LIMIT n` without any goes by the least time that a
 * row group ever had, also when the rows of that time were deleted since, and leaves out older rows of
 * other row groups (DuckDB 1.5.6).
 */
export const anyTime = `timestamp > '-infinity'`
