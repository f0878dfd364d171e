import { PAGE_SIZE } from '@parley/contract'

/** One page of a list, in the order of ids, which is the order of their creation. */
export function pageOf<item extends { readonly id: string }>(
  items: readonly item[],
  after: string | undefined,
): { readonly items: readonly item[]; readonly next: string | null } {
  const rest = items
    .filter(({ id }) => after === undefined || id > after)
    .toSorted((left, right) => (left.id < right.id ? -1 : 1))
  const page = rest.slice(0, PAGE_SIZE)
  return { items: page, next: rest.length > PAGE_SIZE ? page.at(-1)!.id : null }
}
