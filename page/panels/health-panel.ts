import { element } from '../shell/element.ts'
import { bytesText, countText, timeText } from '../shell/figures.ts'
import type { Source } from '../source/source.ts'
import type { PairList } from './pair-list.ts'
import { readMetrics, type Metrics } from './prometheus.ts'

const refreshMs = 5000

interface Cleanup {
  readonly results: readonly { readonly deleted: Readonly<Record<string, number>> }[]
  readonly tookMs: number
}

/** How the store does: pool, write-ahead logs, cleanup, errors. */
export class HealthPanel {
  readonly #source: Source
  readonly #pairs: PairList
  readonly #table = element('table', { id: 'health', class: 'number' })
  readonly #errors = element('p', { id: 'errors', class: 'down', role: 'alert' })
  #cleanup = 'none seen yet'

  constructor(host: HTMLElement, source: Source, pairs: PairList) {
    this.#source = source
    this.#pairs = pairs
    host.append(element('h2', {}, 'Health'), this.#table, this.#errors)
    setInterval(() => void this.refresh(), refreshMs)
    void this.refresh()
  }

  /** An event of the store. */
  told(event: string, data: unknown): void {
    if (event === 'cleanupDone') {
      const { results, tookMs } = data as Cleanup
      const rows = results
        .flatMap(({ deleted }) => Object.values(deleted))
        .reduce((sum, count) => sum + count, 0)
      const clock = timeText(Date.now()).slice(11)
      this.#cleanup = `${clock}, ${countText(rows)} rows, ${Math.round(tookMs)} ms`
      void this.refresh()
    }
    if (event === 'error') {
      const { pair, error } = data as { pair?: string; error: { code?: string; message: string } }
      this.#errors.textContent = `${pair ?? 'store'}: ${error.code ?? ''} ${error.message}`
    }
  }

  async refresh(): Promise<void> {
    if (document.hidden) return
    try {
      this.#show(readMetrics(await this.#source.metrics()))
    } catch (error) {
      this.#errors.textContent = error instanceof Error ? error.message : String(error)
    }
  }

  #show(metrics: Metrics): void {
    const pool = (state: string): string =>
      countText(metrics.value('pairduck_pool_pairs', { state }))
    const stats = this.#pairs.stats
    const sum = (of: 'fileBytes' | 'walBytes'): string =>
      stats === undefined
        ? '…'
        : bytesText(stats.reduce((total, each) => total + (each[of] ?? 0), 0))
    const delayMs = metrics.value('pairduck_event_loop_delay_seconds', { quantile: '0.99' }) * 1000
    const rows: readonly (readonly [name: string, text: string])[] = [
      ['pairs open', `${pool('open')}, ${pool('active')} in use, ${pool('waiting')} waiting`],
      ['files', sum('fileBytes')],
      ['write-ahead logs', sum('walBytes')],
      ['ticks pending', countText(metrics.value('pairduck_pending_ticks'))],
      ['commits', countText(metrics.value('pairduck_commits_total'))],
      ['ticks stored', countText(metrics.value('pairduck_ticks_total', { outcome: 'inserted' }))],
      ['last cleanup', this.#cleanup],
      ['event loop p99', `${delayMs.toFixed(1)} ms`],
      ['memory', bytesText(metrics.value('pairduck_resident_memory_bytes'))],
      ['errors', countText(metrics.value('pairduck_errors_total'))],
    ]
    this.#table.replaceChildren(
      ...rows.map(([name, text]) =>
        element('tr', {}, element('td', { class: 'faint' }, name), element('td', {}, text)),
      ),
    )
  }
}
