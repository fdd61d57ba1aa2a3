type Attributes = Readonly<Record<string, string | boolean | undefined>>
type Child = Node | string | undefined

/** Makes an element. Text goes in as text: nothing that a server says becomes markup. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined && value !== false) made.setAttribute(name, value === true ? '' : value)
  made.append(...children.filter((child) => child !== undefined))
  return made
}

/** A button with what it does; its title is also what a screen reader says. */
export function button(
  text: string,
  title: string,
  onClick: () => void,
  attributes: Attributes = {},
): HTMLButtonElement {
  const made = element(
    'button',
    { type: 'button', title, 'aria-label': title, ...attributes },
    text,
  )
  made.addEventListener('click', onClick)
  return made
}
