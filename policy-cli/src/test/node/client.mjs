// Speaks to a server through the proxy, and prints a line of JSON for each step. The last one waits for a change of the
// list of tools. Arguments: the mode (auto, legacy, or a version to insist on), then the command.
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

const [mode, command, ...args] = process.argv.slice(2);
const say = (step, what) => console.log(JSON.stringify({ step, ...what }));

let changes = 0;
let changed;
const client = new Client(
    { name: 'host', version: '1.0.0' },
    {
        capabilities: { elicitation: { form: {} } },
        ...(mode !== 'legacy' && { versionNegotiation: { mode: mode === 'auto' ? 'auto' : { pin: mode } } }),
        listChanged: {
            tools: {
                debounceMs: 0,
                onChanged: (error, tools) => {
                    changes++;
                    changed?.(tools?.map(tool => tool.name));
                }
            }
        }
    }
);
client.setRequestHandler('elicitation/create', async request =>
    request.params.message.includes('approval')
        ? { action: 'accept', content: { decision: 'approve' } }
        : { action: 'accept', content: { name: 'Ada' } }
);

await client.connect(new StdioClientTransport({ command, args, stderr: 'inherit' }));
say('connected', { version: client.getNegotiatedProtocolVersion() });

const step = async (name, tool, given = {}) => {
    const result = await client.callTool({ name: tool, arguments: given });
    say(name, { error: result.isError === true, text: result.content[0].text });
};

say('tools', { names: (await client.listTools()).tools.map(tool => tool.name) });
await step('allowed', 'echo');
await step('denied', 'denied');
await step('elicited', 'ask');
await step('approved', 'careful');
await step('booked', 'book', { room: 'söven' });

const abort = new AbortController();
let slow;
await new Promise(resolve => {
    slow = client.callTool({ name: 'slow', arguments: {} }, { signal: abort.signal, onprogress: resolve });
});
abort.abort();
say('cancelled', { failed: await slow.then(() => false, () => true) });
await step('ended', 'ended');

const names = new Promise(resolve => { changed = resolve; });
say('waiting', {});
say('changed', { names: await names, changes });
await client.close();
process.exit(0);
