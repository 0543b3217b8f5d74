using System.Globalization;

namespace OpenStackSev.Fuzz;

/// <summary>The command line.</summary>
internal sealed record FuzzOptions
{
    public const string Usage = """
        usage: OpenStackSev.Fuzz [--target NAME|all] [--inputs N] [--seed S] [--seconds T] [--corpus DIR] [--keep DIR] [--work DIR]
               OpenStackSev.Fuzz --target NAME --replay FILE [--work DIR]
               OpenStackSev.Fuzz --target NAME --afl          under afl-fuzz, from WORK/instrumented
          --inputs   mutated inputs a target; 100000 when left out
          --seconds  stop each target after this time
          --corpus   also start from the files of DIR/NAME
          --keep     write what reached new branches to DIR/NAME
          --work     instrumented assemblies, keys of the simulated authorities and failing inputs; artifacts/fuzz when left out
        """;

    public string Target { get; init; } = "all";
    public int Inputs { get; init; } = 100_000;
    public int Seed { get; init; } = 1;
    public TimeSpan? Time { get; init; }
    public string? Corpus { get; init; }
    public string? Keep { get; init; }
    public string Work { get; init; } = Path.Join(Repository.Root, "artifacts", "fuzz");

    /// <summary>An input to run once.</summary>
    public string? Replay { get; init; }
    public bool Afl { get; init; }

    /// <summary>Where this process writes the input that it is about to run; null in the process that was started by hand.</summary>
    public string? Current { get; init; }

    /// <returns>Null when the command line cannot be understood.</returns>
    public static FuzzOptions? Parse(string[] args)
    {
        FuzzOptions options = new();
        for (int i = 0; i < args.Length; i++)
        {
            if (args[i] == "--afl")
            {
                options = options with { Afl = true };
                continue;
            }
            if (i + 1 == args.Length)
                return null;
            string value = args[++i];
            int number = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int parsed) ? parsed : -1;
            FuzzOptions? next = args[i - 1] switch
            {
                "--target" when value == "all" || Targets.Names.Contains(value) => options with { Target = value },
                "--inputs" when number > 0 => options with { Inputs = number },
                "--seed" when number >= 0 => options with { Seed = number },
                "--seconds" when number > 0 => options with { Time = TimeSpan.FromSeconds(number) },
                "--corpus" => options with { Corpus = Path.GetFullPath(value) },
                "--keep" => options with { Keep = Path.GetFullPath(value) },
                "--work" => options with { Work = Path.GetFullPath(value) },
                "--replay" => options with { Replay = Path.GetFullPath(value) },
                "--current" => options with { Current = value },
                _ => null,
            };
            if (next is null)
                return null;
            options = next;
        }
        return options;
    }
}
