import {
  DEFAULT_CONTENT,
  OWNER_NAME,
  OWNER_NAME_MAX_LENGTH,
  bundleName,
  bundleTerms,
  contentSettings,
  operationSelection,
  toolSearchSettings,
} from '@parley/contract'
import { z } from 'zod'
import { limitsSchema } from './limits-schema.ts'
import { agent, agentName } from './agent-schema.ts'
import { isOwnVariable } from './read-env.ts'
import { webhooks } from './webhook-settings.ts'

const listen = z.strictObject({
  host: z.string().min(1).max(255).default('127.0.0.1').describe('Address to listen on.'),
  port: z.number().int().min(0).max(65_535).default(4747).describe('Port to listen on; 0 takes a free one.'),
  grpcPort: z
    .union([z.literal('off'), z.number().int().min(0).max(65_535)])
    .optional()
    .describe(
      'Port for agents over gRPC, or off; the one after `listen.port` when absent, 0 takes a free one.',
    ),
  publicGrpc: z
    .string()
    .max(262)
    .regex(
      /^(?:[a-z0-9.-]+|\[[0-9a-f:.]+\]):[0-9]{1,5}$/,
      'host:port in lower case, such as grpc.example.com:443',
    )
    .optional()
    .describe('host:port under which clients reach the gRPC port, when a proxy stands in front of it.'),
  publicUrl: z
    .string()
    .max(2048)
    .optional()
    .describe('Origin under which clients reach the hub, such as https://parley.example.com.'),
  trustedProxy: z
    .boolean()
    .default(false)
    .describe('A proxy that ends TLS stands in front; needed to listen on more than loopback.'),
  allowedHosts: z
    .array(z.string().min(1).max(255))
    .max(100)
    .default([])
    .describe('Further accepted values of the Host header.'),
  allowedOrigins: z
    .array(z.string().min(1).max(255))
    .max(100)
    .default([])
    .describe('Further accepted values of the Origin header.'),
})

const identity = z.strictObject({
  registration: z
    .enum(['open', 'off'])
    .default('open')
    .describe('Whether apps may register themselves (RFC 7591); they get nothing before a person consents.'),
  clientMetadataHosts: z
    .array(
      z
        .string()
        .max(262)
        .regex(/^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}$/, 'host:port, such as localhost:8443'),
    )
    .max(100)
    .default([])
    .describe(
      'Hosts with port, not on the public internet, whose client ID metadata documents may be fetched.',
    ),
})

const connections = z.strictObject({
  authorizationServerHosts: z
    .array(
      z
        .string()
        .max(262)
        .regex(
          /^(?:[a-z0-9.-]+|\[[0-9a-f:.]+\]):(?:[0-9]{1,5}|\*)$/,
          'host:port in lower case, such as localhost:8443, or host:* for every port',
        ),
    )
    .max(100)
    .default([])
    .describe(
      'Hosts with port, not on the public internet, whose authorization servers may sign people in to servers; plain http is then allowed there.',
    ),
  clientMetadataUrl: z
    .url({ protocol: /^https$/ })
    .max(2048)
    .refine((url) => new URL(url).pathname !== '/' && !url.includes('#'), 'must have a path and no fragment')
    .optional()
    .describe(
      "Where the hub's client ID metadata document is published, when not by a hub that has an https address of its own.",
    ),
})
const masterKey = z
  .strictObject({
    file: z
      .string()
      .min(1)
      .max(4096)
      .optional()
      .describe(
        'File of mode 0600 with the key, relative to this file; `master.key` of the data directory when absent.',
      ),
    command: z
      .array(z.string().min(1).max(4096))
      .min(1)
      .max(64)
      .optional()
      .describe('Program and arguments that print the key, such as those of a key service; no shell, 10 s.'),
  })
  .refine(({ file, command }) => !(file && command), 'takes file or command, not both')

const egress = z.strictObject({
  caFile: z
    .string()
    .max(4096)
    .optional()
    .describe('PEM file of further certificate authorities, relative to this file.'),
})

const serverName = z
  .string()
  .max(OWNER_NAME_MAX_LENGTH)
  .regex(OWNER_NAME, 'a server name is lower-case letters, digits and single hyphens, such as "my-files"')

const variableName = z
  .string()
  .max(128)
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'a variable name is letters, digits and underscores')
  .refine((name) => !isOwnVariable(name), "PARLEY_ variables are the hub's own and never passed to a server")

const text = z
  .string()
  .max(8192)
  .refine((value) => !value.includes('\0'), 'must not hold a NUL character')

const { hidden, secrets, personal, output } = contentSettings.shape

/** What is looked for in what servers offer and answer, where a server does not say otherwise. */
const content = z.strictObject({
  hidden: hidden.default(DEFAULT_CONTENT.hidden).describe(hidden.description!),
  secrets: secrets.default(DEFAULT_CONTENT.secrets).describe(secrets.description!),
  personal: personal.default(DEFAULT_CONTENT.personal).describe(personal.description!),
  output: output.default(DEFAULT_CONTENT.output).describe(output.description!),
})

/** Whether it is reached over HTTP or started as a process is told by `url` or `command`; never both. */
const server = z.strictObject({
  url: z
    .string()
    .max(2048)
    .optional()
    .describe('Streamable HTTP endpoint. Its host and port are thereby allowed, only exactly they.'),
  openapi: text
    .min(1)
    .optional()
    .describe(
      'OpenAPI 3 document of a service that speaks no MCP: a file, relative to this one, or a URL. Its operations become tools, and url is where they are called.',
    ),
  operations: operationSelection.optional().describe('Which operations of the document are tools.'),
  hopTokens: z
    .boolean()
    .optional()
    .describe(
      'The server trusts the tokens of this hub (a guard of @parley/sdk does): each call brings one for it alone.',
    ),
  content: contentSettings
    .partial()
    .optional()
    .describe('What is looked for in what it offers and answers, over the settings of content.'),
  command: text
    .min(1)
    .optional()
    .describe('Program to start: absolute, or relative to this file. No shell, no package runner.'),
  args: z.array(text).max(256).optional().describe('Arguments, one by one; never parsed by a shell.'),
  env: z
    .record(variableName, text)
    .optional()
    .describe(
      "Environment of the process, beside PATH and HOME. ${env:NAME} takes a value from the hub's own.",
    ),
  package: z
    .string()
    .max(256)
    .optional()
    .describe('Pinned npm package, name@1.2.3; required when the program is an installed npm package.'),
})

/** An app that an administrator knows; its redirect URIs are held to the rules of registration when it is read. */
const app = z.strictObject({
  name: text.min(1).optional().describe('What people are shown; the name here when absent.'),
  redirectUris: z
    .array(z.string().max(2048))
    .min(1)
    .max(20)
    .describe('https, http on localhost, or a scheme of the app such as com.example.app:/callback.'),
})

/** A resource server outside the hub; whoever is not listed gets no tokens. */
const resource = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .max(2048)
    .refine((url) => !url.includes('#') && !url.includes('@'), 'must not hold a user name or a fragment')
    .describe('Its resource identifier (RFC 8707): what the tokens for it have as audience.'),
  scopes: z
    .record(
      z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/, 'a scope has no spaces, quotes and backslashes'),
      text.max(200),
    )
    .refine((scopes) => Object.keys(scopes).length > 0, 'must name at least one scope')
    .describe('Scopes, each with what it allows in words for people; the first is asked for by default.'),
})

/** The whole of `parley.yaml`. Everything is optional; unknown keys are refused. */
export const configSchema = z.strictObject({
  listen: listen.prefault({}),
  servers: z.record(serverName, server).default({}).describe('MCP servers by name.'),
  agents: z.record(agentName, agent).default({}).describe('A2A agents that can be asked, by name.'),
  apps: z.record(serverName, app).default({}).describe('LLM apps by client_id: public clients with PKCE.'),
  resources: z
    .record(serverName, resource)
    .default({})
    .describe('MCP servers outside the hub that trust its tokens, by name.'),
  bundles: z
    .record(bundleName, bundleTerms)
    .default({})
    .describe('Selections of capabilities over several servers, each with an endpoint of its own, by name.'),
  content: content.prefault({}),
  toolSearch: toolSearchSettings.prefault({}).describe('How /mcp shows its tools.'),
  only: z
    .enum(['identity'])
    .optional()
    .describe('identity: the authorization server alone, without a gateway.'),
  identity: identity.prefault({}),
  connections: connections.prefault({}),
  masterKey: masterKey.prefault({}),
  egress: egress.prefault({}),
  webhooks: webhooks.prefault({}),
  limits: limitsSchema.prefault({}),
  activity: z
    .enum(['queued', 'strict'])
    .default('queued')
    .describe('strict: a call is answered only once its activity record is durable.'),
})

export type FileConfig = z.output<typeof configSchema>
export type FileServer = z.output<typeof server>
export type FileApp = z.output<typeof app>

/** The JSON Schema (draft 2020-12) of `parley.yaml`, for editors and for the reference page. */
export function configJsonSchema(): Record<string, unknown> {
  return { title: 'Parley configuration', ...z.toJSONSchema(configSchema, { io: 'input' }) }
}
