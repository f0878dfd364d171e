import { z } from 'zod'
import { idOf, instant, nextPage, pageQuery, text, type ApiRoute } from './api-route.ts'
import { personView } from './people-routes.ts'

export const groupView = z.object({
  id: idOf('group'),
  name: z.string(),
  members: z.number(),
  createdAt: instant,
})

export type GroupView = z.infer<typeof groupView>

const GROUP = '/api/groups/{group}'
const MEMBER = `${GROUP}/members/{person}` as const

/** Groups of people: what a group is entitled to, each member is. */
export const groupRoutes = {
  listGroups: {
    method: 'GET',
    path: '/api/groups',
    summary: 'All groups',
    action: 'people.read',
    query: pageQuery,
    response: z.object({ groups: z.array(groupView), next: nextPage }),
  },
  addGroup: {
    method: 'POST',
    path: '/api/groups',
    summary: 'Add an empty group',
    action: 'people.manage',
    body: z.strictObject({ name: text(64) }),
    response: groupView,
  },
  removeGroup: {
    method: 'DELETE',
    path: GROUP,
    summary: 'Remove a group and what it is entitled to; its members stay',
    action: 'people.manage',
    response: z.object({ removed: idOf('group') }),
  },
  listGroupMembers: {
    method: 'GET',
    path: `${GROUP}/members`,
    summary: 'Who is in a group',
    action: 'people.read',
    query: pageQuery,
    response: z.object({ people: z.array(personView), next: nextPage }),
  },
  addGroupMember: {
    method: 'PUT',
    path: MEMBER,
    summary: 'Take a person into a group',
    action: 'people.manage',
    response: personView,
  },
  removeGroupMember: {
    method: 'DELETE',
    path: MEMBER,
    summary: 'Take a person out of a group',
    action: 'people.manage',
    response: personView,
  },
} as const satisfies Record<string, ApiRoute>
