export { planRefresh, refreshStateQuery, type RefreshState } from './plan-refresh.ts'
export { refreshSql } from './refresh-sql.ts'
