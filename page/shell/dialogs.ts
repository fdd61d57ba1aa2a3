import { button, element } from './element.ts'
import type { KeyAction } from './keyboard.ts'

/** The keys of the page. */
export function showHelp(actions: readonly KeyAction[]): void {
  const list = element('dl', {})
  for (const { shown, does } of actions)
    list.append(element('dt', {}, element('kbd', {}, shown)), element('dd', {}, does))
  const dialog = element('dialog', { 'aria-label': 'keys' }, element('h2', {}, 'Keys'), list)
  dialog.addEventListener('click', () => dialog.close())
  open(dialog)
}

/** Asks for the token of the server; it is kept for this tab alone. */
export function askToken(wasWrong: boolean): Promise<string> {
  return new Promise((resolve) => {
    const input = element('input', {
      type: 'password',
      autocomplete: 'current-password',
      'aria-label': 'token',
    })
    const form = element(
      'form',
      { method: 'dialog' },
      element('h2', {}, wasWrong ? 'That token was refused' : 'This server wants a token'),
      element('p', { class: 'faint' }, 'It is what the server was given as PAIRDUCK_TOKEN.'),
      input,
      button('Go on', 'go on', () => form.requestSubmit(), { 'aria-pressed': 'true' }),
    )
    const dialog = element('dialog', { 'aria-label': 'token' }, form)
    form.addEventListener('submit', () => {
      sessionStorage.setItem('pairduck.token', input.value)
      resolve(input.value)
    })
    dialog.addEventListener('cancel', (event) => event.preventDefault())
    open(dialog)
  })
}

function open(dialog: HTMLDialogElement): void {
  dialog.addEventListener('close', () => dialog.remove())
  document.body.append(dialog)
  dialog.showModal()
}
