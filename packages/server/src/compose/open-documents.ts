import { ParleyError, toParleyError } from '@parley/contract'
import type { Egress, Outlet } from '../egress/index.ts'
import type * as OpenApiRoom from '../openapi/index.ts'
import type { DocumentShelf, DocumentSource, Translator } from '../openapi/index.ts'
import type { ConnectedServer, DocumentTarget } from '../registry/index.ts'
import type { Statement } from '../store/index.ts'
import type { Translate } from '../upstream/index.ts'
import type { House } from './house.ts'

/** The OpenAPI documents of servers, wherever they are. */
export interface Documents {
  source(
    server: ConnectedServer,
    document: DocumentTarget,
    openOutlet: (url: string, purpose: Parameters<Egress['open']>[0]['purpose']) => Outlet,
  ): DocumentSource
  translate: Translate
  /** What keeps one that was sent to the API. Throws `invalid_params` for one that is none. */
  keep(serverId: string, document: Buffer): Promise<readonly Statement[]>
}

/** The room is loaded with the first document: a hub without any starts without it. */
export function openDocuments(house: House): Documents {
  let opening: Promise<{ room: typeof OpenApiRoom; shelf: DocumentShelf; translator: Translator }> | undefined
  const open = () =>
    (opening ??= import('../openapi/index.ts').then((room) => ({
      room,
      shelf: new room.DocumentShelf(house),
      translator: new room.Translator(),
    })))

  return {
    source({ id, name }, document, openOutlet) {
      if ('file' in document) return lazily(async () => (await open()).room.createFileSource(document.file))
      if ('kept' in document) {
        return lazily(async () => {
          const { room, shelf } = await open()
          return room.createKeptSource(shelf, id)
        })
      }
      const { pathname, search } = new URL(document.url)
      const outlet = openOutlet(document.url, 'document')
      const source = lazily(async () => {
        const { room, shelf } = await open()
        return room.createUrlSource({ server: { id, name }, path: pathname + search, outlet, shelf })
      })
      return { ...source, close: () => outlet.destroy() }
    },
    translate: async (request, signal) => (await open()).translator.translate(request, signal),
    async keep(serverId, document) {
      const { shelf, translator } = await open()
      await check(translator, document)
      return shelf.statements(serverId, document)
    },
  }
}

function lazily(open: () => Promise<DocumentSource>): DocumentSource {
  let opening: Promise<DocumentSource> | undefined
  return {
    async load(known, signal) {
      return (await (opening ??= open())).load(known, signal)
    },
    close: () => Promise.resolve(),
  }
}

/** What an administrator sends is a document, or is refused: it takes the place of one that is. */
async function check(translator: Translator, bytes: Buffer): Promise<void> {
  const nothing = { include: ['-'] }
  try {
    await translator.translate(
      { bytes, base: 'http://localhost', selection: nothing },
      new AbortController().signal,
    )
  } catch (error) {
    const { code, message } = toParleyError(error)
    throw code === 'upstream_invalid' ? new ParleyError('invalid_params', message, { cause: error }) : error
  }
}
