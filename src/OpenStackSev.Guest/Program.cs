using OpenStackSev.Guest;

return await new GuestCommands(Console.Out, Console.Error).RunAsync(args, CancellationToken.None);
