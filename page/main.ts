import { Page } from './page.ts'
import { askToken } from './shell/dialogs.ts'
import { ApiSource } from './source/api-source.ts'
import { FixedSource } from './source/fixed-source.ts'

/** Data that are written into the document make it one of a fixed range; else the server is asked. */
const embedded = document.getElementById('data')
const source =
  embedded === null
    ? new ApiSource(sessionStorage.getItem('pairduck.token') ?? undefined, askToken)
    : FixedSource.parse(embedded.textContent ?? '')
void new Page(source).start()
