// The hand-written chat's REST service: Express, one INSERT per message.
import { createServer } from 'node:http';
import express, { type NextFunction, type Request, type Response } from 'express';
import { type Claims, open, verify } from './auth-and-listen.ts';
import { insert, page } from './chat-store.ts';

const app = express().disable('x-powered-by').disable('etag');

function authenticated(req: Request, res: Response, next: NextFunction): void {
  try {
    res.locals.claims = verify(req.headers.authorization?.slice('Bearer '.length) ?? '');
    next();
  } catch {
    res.status(401).json({ error: 'the token is not good' });
  }
}

app.post('/messages', authenticated, express.json(), async (req, res) => {
  const { sub } = res.locals.claims as Claims;
  res.status(201).json(await insert(req.body.chat_id, sub, req.body.content));
});
app.get('/messages', authenticated, async (req, res) => {
  res.json({ messages: await page(String(req.query.chat_id), Number(req.query.limit)) });
});
open(createServer(app));
