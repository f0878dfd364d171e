import { describeChannel } from './channel.contract.ts'
import { startLegacyHttp, startLegacySse } from './fixtures/legacy-server.ts'
import { startModernHttp } from './fixtures/modern-server.ts'
import type { RunningFixture } from './fixtures/fixture.ts'
import { openHttp, openStdio, type Opened } from './fixtures/test-kit.ts'

describeChannel({ era: '2026-07-28', transport: 'http', open: () => overHttp(startModernHttp()) })
describeChannel({ era: '2025-11-25', transport: 'http', open: () => overHttp(startLegacyHttp()) })
describeChannel({ era: '2025-11-25', transport: 'sse', open: () => overHttp(startLegacySse()) })
describeChannel({ era: '2026-07-28', transport: 'stdio', open: () => overStdio('modern-server.ts') })
describeChannel({ era: '2025-11-25', transport: 'stdio', open: () => overStdio('legacy-server.ts') })

async function overHttp(starting: Promise<RunningFixture>): Promise<Opened> {
  const fixture = await starting
  const opened = openHttp(fixture.url)
  return {
    ...opened,
    async [Symbol.asyncDispose]() {
      await opened.upstream.close()
      await fixture.close()
    },
  }
}

function overStdio(script: string): Promise<Opened> {
  return Promise.resolve(openStdio(script))
}
