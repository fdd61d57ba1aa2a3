export {
  keptAnalytics,
  planRefresh,
  refreshStateQuery,
  type KeptAnalytic,
  type RefreshPass,
  type RefreshPlan,
  type RefreshState,
} from './plan-refresh.ts'
export { refreshSql } from './refresh-sql.ts'
