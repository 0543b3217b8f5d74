using OpenStackSev.Fuzz;
using SharpFuzz;

// First: instrumented code writes to its map whether there is one or not.
using Coverage coverage = new();
if (FuzzOptions.Parse(args) is not { } options || (options.Target == "all" && (options.Replay is not null || options.Afl)))
{
    Console.Error.WriteLine(FuzzOptions.Usage);
    Console.Error.WriteLine($"  targets: {string.Join(", ", Targets.Names)}");
    return 64;
}
if (options is { Current: null, Replay: null, Afl: false })
    return await Supervisor.RunAsync(options) ? 0 : 1;

using Evidence evidence = new(Path.Join(options.Work, "authorities"));
Target target = Targets.Make(options.Target, evidence);
if (options.Replay is { } input)
{
    target.Parse(await File.ReadAllBytesAsync(input));
}
else if (options.Afl)
{
    Fuzzer.OutOfProcess.Run(stream =>
    {
        using MemoryStream copy = new();
        stream.CopyTo(copy);
        target.Parse(copy.ToArray());
    });
}
else
{
    bool sound = false;
    // A small stack, as threads of a server have: what descends with its input shows it early.
    Thread thread = new(() =>
    {
        using Campaign campaign = new(target, coverage, options);
        sound = campaign.Run();
    }, 512 * 1024);
    thread.Start();
    thread.Join();
    return sound ? 0 : 1;
}
return 0;
