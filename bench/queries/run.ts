/** `npx tsx bench/queries/run.ts [name…]`: each builder beside its plain SQL, as a table. */
import { benchTable } from '../harness/report.ts'
import { reported } from '../harness/row.ts'
import { measureQueries, queryCases } from './measure.ts'

const wanted = process.argv.slice(2).map((name) => name.toLowerCase())
const chosen = queryCases.filter(
  ({ name }) => wanted.length === 0 || wanted.some((part) => name.toLowerCase().includes(part)),
)
const rows = await measureQueries(chosen)
console.log(benchTable(rows.map((row) => reported('queries', row))))
