export type Child = Node | string | number | false | null | undefined | readonly Child[];
export type Props = Record<string, unknown>;
type Tag = keyof HTMLElementTagNameMap;

/** Make an element, as in `h("p.note", { role: "status" }, "Saved.")`. Props that are functions are
 * event handlers (`onclick`), other props are attributes. Text never becomes markup. */
export function h<K extends Tag>(
  name: K | `${K}.${string}`,
  ...rest: [] | [Props | Child, ...Child[]]
): HTMLElementTagNameMap[K] {
  const [tag, ...classes] = name.split(".");
  const made = document.createElement(tag as K);
  made.classList.add(...classes);
  const [first] = rest;
  const hasProps = typeof first === "object" && first?.constructor === Object;
  for (const [name, value] of Object.entries(hasProps ? (first as Props) : {})) {
    if (typeof value === "function") made.addEventListener(name.slice(2), value as EventListener);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, String(value));
  }
  fill(made, ...((hasProps ? rest.slice(1) : rest) as Child[]));
  return made;
}

export function fill(parent: Element, ...children: Child[]): void {
  parent.replaceChildren(...nodes(children));
}

function nodes(children: readonly Child[]): (Node | string)[] {
  return children.flatMap((child) => {
    if (child === false || child === null || child === undefined) return [];
    if (child instanceof Node) return [child];
    return typeof child === "object" ? nodes(child) : [String(child)];
  });
}
