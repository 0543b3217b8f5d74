using OpenStackSev.Control.Commands;

return await ControlCommands.RunAsync(args, Console.Out, Console.Error);
