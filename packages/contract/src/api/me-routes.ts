import { z } from 'zod'
import { presentationNeeds } from '../presentation.ts'
import { idOf, pageQuery, type ApiRoute } from './api-route.ts'
import { endedGrants, grantList } from './grant-routes.ts'
import { personView, role, sessionView } from './people-routes.ts'

const callerView = z.object({
  /** Null for the administrator's first key. */
  person: personView.nullable(),
  roles: z.array(role),
  app: idOf('app').nullable(),
  grant: idOf('grant').nullable(),
  scopes: z.array(z.string()),
})

export type CallerView = z.infer<typeof callerView>

/** What anyone may see and end of their own. */
export const meRoutes = {
  whoAmI: {
    method: 'GET',
    path: '/api/me',
    summary: 'Who calls, by which app, with what',
    action: 'me.read',
    response: callerView,
  },
  listMyGrants: {
    method: 'GET',
    path: '/api/me/grants',
    summary: 'What acts in my name',
    action: 'me.read',
    query: pageQuery,
    response: grantList,
  },
  revokeMyGrant: {
    method: 'DELETE',
    path: '/api/me/grants/{grant}',
    summary: 'End a grant that I gave, and what was passed on of it',
    action: 'me.manage',
    response: endedGrants,
  },
  listMySessions: {
    method: 'GET',
    path: '/api/me/sessions',
    summary: 'Where I am signed in',
    action: 'me.read',
    response: z.object({ sessions: z.array(sessionView) }),
  },
  endMySession: {
    method: 'DELETE',
    path: '/api/me/sessions/{session}',
    summary: 'Sign me out there',
    action: 'me.manage',
    response: z.object({ ended: idOf('session') }),
  },
  showMyPresentation: {
    method: 'GET',
    path: '/api/me/presentation',
    summary: 'How agents are to put their answers to me',
    action: 'me.read',
    response: presentationNeeds,
  },
  setMyPresentation: {
    method: 'PUT',
    path: '/api/me/presentation',
    summary: 'Say how agents are to put their answers to me; what is left out is not said any more',
    action: 'me.manage',
    body: presentationNeeds,
    response: presentationNeeds,
  },
} as const satisfies Record<string, ApiRoute>
