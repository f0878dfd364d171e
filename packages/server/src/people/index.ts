export type { BrowserSession, PeopleDirectory, Person } from './people.ts'
