import { z } from 'zod'
import { idOf, instant, nextPage, pageQuery, text, type ApiRoute } from './api-route.ts'

export const role = z.enum(['admin', 'operator', 'auditor', 'member'])
const roles = z.array(role).min(1).max(4)
const groups = z.array(idOf('group')).max(100)

export const personView = z.object({
  id: idOf('person'),
  email: z.string(),
  name: z.string(),
  roles: z.array(role),
  groups: z.array(z.object({ id: idOf('group'), name: z.string() })),
  state: z.enum(['active', 'suspended']),
  createdAt: instant,
})

export const invitationView = z.object({
  id: idOf('invitation'),
  email: z.string(),
  roles: z.array(role),
  groups: z.array(idOf('group')),
  createdAt: instant,
  expiresAt: instant,
})

/** A link that works once. It is told here and never again. */
export const oneTimeLink = z.object({ id: idOf('invitation'), url: z.string(), expiresAt: instant })

export const sessionView = z.object({
  id: idOf('session'),
  /** The browser, as it calls itself. */
  browser: z.string(),
  acr: z.string(),
  createdAt: instant,
  lastUsedAt: instant,
  expiresAt: instant,
})

export type PersonView = z.infer<typeof personView>
export type InvitationView = z.infer<typeof invitationView>
export type OneTimeLinkView = z.infer<typeof oneTimeLink>
export type SessionView = z.infer<typeof sessionView>

const PERSON = '/api/people/{person}'

/** Accounts: who they are, what they may do, where they are signed in. */
export const peopleRoutes = {
  listPeople: {
    method: 'GET',
    path: '/api/people',
    summary: 'Everyone with an account',
    action: 'people.read',
    query: pageQuery.extend({ email: z.string().max(254).optional().describe('Only who has this address.') }),
    response: z.object({ people: z.array(personView), next: nextPage }),
  },
  showPerson: {
    method: 'GET',
    path: PERSON,
    summary: 'One account',
    action: 'people.read',
    response: personView,
  },
  setPersonRoles: {
    method: 'PUT',
    path: `${PERSON}/roles`,
    summary: 'Replace the roles; sessions and tokens end with it',
    action: 'people.manage',
    body: z.strictObject({ roles }),
    response: personView,
  },
  setPersonGroups: {
    method: 'PUT',
    path: `${PERSON}/groups`,
    summary: 'Replace the groups',
    action: 'people.manage',
    body: z.strictObject({ groups }),
    response: personView,
  },
  suspendPerson: {
    method: 'POST',
    path: `${PERSON}/suspend`,
    summary: 'Shut the account; sessions and tokens end at once',
    action: 'people.manage',
    response: personView,
  },
  reactivatePerson: {
    method: 'POST',
    path: `${PERSON}/reactivate`,
    summary: 'Open the account again',
    action: 'people.manage',
    response: personView,
  },
  resetPerson: {
    method: 'POST',
    path: `${PERSON}/reset`,
    summary: 'A link, shown once, with which the person chooses a new password',
    action: 'people.manage',
    body: z.strictObject({
      /** Takes passkeys, authenticator app and recovery codes away too, for a person who lost them. */
      dropFactors: z.boolean().default(false),
    }),
    response: oneTimeLink,
  },
  removePerson: {
    method: 'DELETE',
    path: PERSON,
    summary: 'Delete the account for good',
    action: 'people.manage',
    response: z.object({ removed: idOf('person') }),
  },
  listPersonSessions: {
    method: 'GET',
    path: `${PERSON}/sessions`,
    summary: 'Where the person is signed in',
    action: 'people.read',
    response: z.object({ sessions: z.array(sessionView) }),
  },
  endPersonSession: {
    method: 'DELETE',
    path: `${PERSON}/sessions/{session}`,
    summary: 'Sign the person out there',
    action: 'people.manage',
    response: z.object({ ended: idOf('session') }),
  },
  listInvitations: {
    method: 'GET',
    path: '/api/invitations',
    summary: 'Invitations that nobody has used yet',
    action: 'people.read',
    response: z.object({ invitations: z.array(invitationView) }),
  },
  invitePerson: {
    method: 'POST',
    path: '/api/invitations',
    summary: 'A link, shown once, with which a person makes an account',
    action: 'people.manage',
    body: z.strictObject({
      email: text(254),
      roles: roles.default(['member']),
      groups: groups.default([]),
    }),
    response: oneTimeLink,
  },
  withdrawInvitation: {
    method: 'DELETE',
    path: '/api/invitations/{invitation}',
    summary: 'Make the link of an invitation useless',
    action: 'people.manage',
    response: z.object({ withdrawn: idOf('invitation') }),
  },
} as const satisfies Record<string, ApiRoute>
