import { COLUMN, openIn } from './test-kit.ts'

/** A process for `rotation-killed.test.ts`: opens the keys of a database, goes on or begins, and says when it is done. */
const [dataDir = '', action = ''] = process.argv.slice(2)
const { masterKeys } = await openIn(dataDir)
masterKeys.start([COLUMN])
if (action === 'rotate') await masterKeys.rotate('test')
process.stdout.write('begun\n')
await masterKeys.settled()
process.stdout.write('done\n')
