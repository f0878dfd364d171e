import { ParleyError } from '@parley/contract'
import type { PageAnswer, PageRoute, Visit } from '../pages/index.ts'
import type { BrowserSession, People } from './people.ts'

/** Makes routes of pages below `/account` that other rooms have: each is answered for the person who is signed in. */
export function accountRoutes(people: Pick<People, 'signedIn'>) {
  return function route(
    method: 'GET' | 'POST',
    path: string,
    answer: (visit: Visit, session: BrowserSession) => PageAnswer | Promise<PageAnswer>,
  ): PageRoute<'person'> {
    return {
      method,
      path,
      needs: 'person',
      answer(visit) {
        const session = people.signedIn(visit.request)
        if (!session) throw new ParleyError('unauthenticated', 'You are not signed in here any more.')
        return answer(visit, session)
      },
    }
  }
}
