using OpenStackSev.Cli;

return await Osev.RunAsync(args, CommandConsole.OfProcess(Environment.GetEnvironmentVariable));
