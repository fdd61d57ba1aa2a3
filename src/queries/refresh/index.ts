export { planRefresh, refreshFactsQuery, type RefreshFact } from './plan-refresh.ts'
export { refreshSql } from './refresh-sql.ts'
