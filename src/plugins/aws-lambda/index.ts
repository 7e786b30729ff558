// aws-lambda: answers with the result of an AWS Lambda function.
import { definePlugin } from '../../pdk/index.ts';
import { schema } from './schema.ts';

export const awsLambda = definePlugin({
  name: 'aws-lambda',
  priority: 750,
  version: '3.10.0',
  schema,
  handler: () => import('./handler.ts'),
});
