/**
 * A writer to be killed: mirrors the simulated account of a seed as fast as it can, from a step on.
 * What happened before that step it has not seen.
 */
import { ValkeyMirror } from '../../src/mirror/valkey-mirror.ts'
import { SimulatedAccount } from './simulated-account.ts'

const [url, seed, steps, from = '0'] = process.argv.slice(2)
const mirror = await ValkeyMirror.open({ url: url! })
for (;;) {
  const account = new SimulatedAccount(Number(seed))
  while (account.steps < Number(from)) account.step()
  while (account.steps < Number(steps)) {
    const { orders, fills, balances } = account.step()
    await Promise.all([
      mirror.applyOrders(orders),
      mirror.applyFills(fills),
      mirror.applyBalances(balances),
    ])
    if (account.steps === Number(from) + 20) process.send?.('writing')
  }
}
