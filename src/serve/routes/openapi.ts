import { rulesOfAnalytic, analytics } from '../analytics/analytics.ts'
import { rowFormats } from '../../storage/export/row-formats.ts'
import type { RouteContext } from '../answer/route-context.ts'
import type { OptionRule } from '../../options.ts'
import { mirrorReads } from './mirror.ts'

/** The description of the interface, from the rules by which the builders check their options. */
export function addOpenApiRoute({ app, allow }: RouteContext): void {
  app.get('/api/v1/openapi.json', async (request) => {
    allow(request, 'read')
    return openApi()
  })
}

/** OpenAPI 3.1. */
export function openApi(): object {
  const names = Object.keys(analytics)
  return {
    openapi: '3.1.0',
    info: {
      title: 'pairduck',
      version: '1',
      description: 'Market data of one store. Times are Unix milliseconds.',
    },
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    paths: {
      ...Object.fromEntries(
        Object.entries(plainAddresses).map(([path, summary]) => [path, plain(summary, [])]),
      ),
      '/api/v1/pairs/{exchange}/{market}/{symbol}/stats': plain(
        'What is stored of a pair: rows, times, rate, size, retention and open gaps.',
        pairParameters,
      ),
      ...Object.fromEntries(
        Object.entries(mirrorReads).map(([path, [gives, takes]]) => [
          path,
          plain(gives, mirrorParameters(takes)),
        ]),
      ),
      ...Object.fromEntries(
        names.map((name) => [
          `/api/v1/pairs/{exchange}/{market}/{symbol}/${name}`,
          {
            get: {
              summary: analytics[name]![1],
              parameters: parametersOf(name),
              responses: rowAnswers,
            },
          },
        ]),
      ),
      '/api/v1/pairs/{exchange}/{market}/{symbol}/sql': sqlPath,
      '/api/v1/pairs/{exchange}/{market}/{symbol}/events': eventsPath,
    },
  }
}

/** Addresses without parameters. */
const plainAddresses: Readonly<Record<string, string>> = {
  '/health': '200 while the store answers, else 503; asked without a token.',
  '/metrics': 'Counters and states in the text format of Prometheus.',
  '/api/v1/openapi.json': 'This description.',
  '/api/v1/info': 'Whether this server reads a mirror and takes writes.',
  '/api/v1/pairs': 'Every stored pair.',
}

function plain(summary: string, parameters: readonly object[]): object {
  return { get: { summary, parameters, responses: answers } }
}

/** `name`, or `name!` where it has to be given. */
function mirrorParameters(takes: string): object[] {
  if (takes === '') return []
  const [name] = takes.split('!')
  return [{ name, in: 'query', required: takes.endsWith('!'), schema: { type: 'string' } }]
}

const pairParameters = ['exchange', 'market', 'symbol'].map((name) => ({
  name,
  in: 'path',
  required: true,
  schema: { type: 'string' },
}))
const formatParameter = {
  name: 'format',
  in: 'query',
  required: false,
  schema: { type: 'string', enum: [...rowFormats], default: 'json' },
}
const historyParameter = {
  name: 'history',
  in: 'query',
  required: false,
  description: 'Whether what is archived is read too.',
  schema: { type: 'boolean', default: false },
}
const failure = { description: 'An error with its code.', content: { 'application/json': {} } }
const answers = {
  200: { description: 'OK', content: { 'application/json': {} } },
  default: failure,
}
const rowAnswers = {
  200: {
    description: 'Rows.',
    content: {
      'application/json': {},
      'text/csv': {},
      'application/x-ndjson': {},
      'application/vnd.apache.arrow.stream': {},
    },
  },
  default: failure,
}

const sqlPath = {
  post: {
    summary: 'One SELECT that only reads.',
    parameters: [...pairParameters, historyParameter, formatParameter],
    requestBody: {
      required: true,
      content: {
        'text/plain': { schema: { type: 'string' } },
        'application/json': {
          schema: {
            type: 'object',
            required: ['sql'],
            properties: { sql: { type: 'string' } },
          },
        },
      },
    },
    responses: rowAnswers,
  },
}
const eventsPath = {
  get: {
    summary: 'Trades as they are stored, as server-sent events; `Last-Event-ID` resumes.',
    parameters: pairParameters,
    responses: { 200: { description: 'Events.', content: { 'text/event-stream': {} } } },
  },
}

function parametersOf(name: string): object[] {
  const own = Object.entries(rulesOfAnalytic(name)).map(([option, rule]) => ({
    name: option,
    in: 'query',
    required: rule.required === true,
    description: `Expected: ${rule.expected}.`,
    schema: schemaOf(rule),
  }))
  return [...pairParameters, ...own, historyParameter, formatParameter]
}

/** What JSON Schema can say of a rule; the sentence says the rest. */
function schemaOf({ numeric, fallback, accepts, required, choices }: OptionRule<unknown>): object {
  const type =
    choices !== undefined
      ? { type: 'string', enum: choices }
      : accepts(true)
        ? { type: 'boolean' }
        : numeric === true && !accepts('none')
          ? { type: 'number' }
          : { type: 'string' }
  const given = fallback !== undefined && required !== true
  return { ...type, ...(given ? { default: fallback } : {}) }
}
