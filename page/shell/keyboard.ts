/** Key → what it does; the list is also the help. */
export interface KeyAction {
  readonly keys: readonly string[]
  readonly shown: string
  readonly does: string
  readonly act: (key: string) => void
}

/** Keys of the page; none while somebody types, and none of the browser's own combinations. */
export function listenToKeys(actions: readonly KeyAction[]): void {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const isTyping = event.target instanceof Element && event.target.closest('input, dialog[open]')
    if (isTyping) return
    const action = actions.find(({ keys }) => keys.includes(event.key))
    if (action === undefined) return
    event.preventDefault()
    action.act(event.key)
  })
}
