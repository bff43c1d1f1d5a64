// A server of both eras on standard input and output.
import { McpServer, acceptedContent, fromJsonSchema, inputRequired } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';

const NOTHING = fromJsonSchema({ type: 'object' });
const NAME = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] };

const text = said => ({ content: [{ type: 'text', text: said }] });

serveStdio(() => {
    const server = new McpServer(
        { name: 'tools', version: '1.0.0' },
        { capabilities: { tools: { listChanged: true } } }
    );
    const tool = (name, run) => server.registerTool(name, { description: name, inputSchema: NOTHING }, run);

    for (const name of ['echo', 'denied', 'hidden', 'careful', 'later']) {
        tool(name, async () => text(`${name} ran`));
    }
    tool('ask', async (args, ctx) => {
        const given = acceptedContent(ctx.mcpReq.inputResponses, 'who');
        return given
            ? text(`hello ${given.name}`)
            : inputRequired({
                  inputRequests: { who: inputRequired.elicit({ message: 'Who?', requestedSchema: NAME }) }
              });
    });
    tool('slow', (args, ctx) => new Promise(resolve => {
        process.stderr.write('slow began\n');
        ctx.mcpReq.signal.addEventListener('abort', () => {
            process.stderr.write('slow was cancelled\n');
            resolve(text('too late'));
        });
    }));
    return server;
});
