import type { ParameterBinding } from './operation-call.ts'

/** Names of query parameters by which answers are paged, as services use them. */
const PAGING: ReadonlySet<string> = new Set([
  'page',
  'pagenumber',
  'pageindex',
  'pagetoken',
  'pagesize',
  'perpage',
  'limit',
  'offset',
  'cursor',
  'nextcursor',
  'nexttoken',
  'startingafter',
  'endingbefore',
  'after',
  'before',
  'continue',
  'continuationtoken',
  'marker',
  'skip',
  'top',
  'startat',
  'maxresults',
  'count',
])
/** One that goes on, not only one that says how many. */
const SIZES: ReadonlySet<string> = new Set([
  'pagesize',
  'perpage',
  'limit',
  'top',
  'maxresults',
  'count',
  'before',
  'after',
])

/** The arguments by which a caller gets the next page; none for an operation that seems to answer all at once. */
export function findPaging(parameters: readonly ParameterBinding[]): readonly string[] {
  const found = parameters.filter((one) => one.in === 'query' && PAGING.has(plain(one.name)))
  const goesOn = found.some((one) => !SIZES.has(plain(one.name))) || found.length > 1
  return goesOn ? found.map(({ argument }) => argument) : []
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z]/g, '')
}
