namespace OpenStackSev.Configuration.Tests;

/// <summary>Files in, checked options out; everything that is wrong is told at once, and no secret with it.</summary>
public sealed class IniSectionTests : IDisposable
{
    private static readonly IniSection<Options> s_section = new IniSection<Options>("main", "What the tests configure.")
        .Text("name", "A name.", o => o.Name, (o, value) => o.Name = value, example: "somebody", longest: 10)
        .Secret("password", "A secret.", (o, value) => o.Password = value)
        .Flag("debug", "Say more.", o => o.Debug, (o, value) => o.Debug = value)
        .Count("count", "How many, 1 to 9.", o => o.Count, (o, value) => o.Count = value, 1, 9)
        .Duration("wait", "How long.", o => o.Wait, (o, value) => o.Wait = value, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1))
        .Url("url", "Where.", o => o.Url, (o, value) => o.Url = value, example: "http://127.0.0.1:1")
        .File("folder", "In which folder.", o => o.Folder, (o, value) => o.Folder = value, example: "/tmp")
        .Choice("colour", "Which of two.", o => o.Colour, (o, value) => o.Colour = value, "red", "green")
        .Words("words", "Several.", o => o.Words, (o, value) => o.Words = value)
        .Uuid("id", "Which one.", (o, value) => o.Id = value, example: "11111111-2222-4333-8444-555555555555")
        .Rule(o => o is { Debug: true, Count: 9 } ? ["count: 9 is too many to debug"] : []);

    private readonly string folder = Directory.CreateTempSubdirectory("osev-ini-test").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_later_file_overrides_an_earlier_one_key_by_key()
    {
        (Options options, List<string> problems) = Read("[main]\nname = first\ncount = 3\n", "[main]\ncount = 4\n");
        Assert.Empty(problems);
        Assert.Equal(("first", 4), (options.Name, options.Count));
    }

    [Theory]
    [InlineData("wait = 90", 90)]
    [InlineData("wait = 1.5", 1.5)]
    [InlineData("wait = 00:02:00", 120)]
    public void A_bare_number_is_seconds(string line, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Read($"[main]\n{line}\n").Options.Wait);

    [Theory]
    [InlineData("true", true)]
    [InlineData("Yes", true)]
    [InlineData("1", true)]
    [InlineData("off", false)]
    public void Flags_are_read_as_OpenStack_writes_them(string text, bool expected) =>
        Assert.Equal(expected, Read($"[main]\ndebug = {text}\n").Options.Debug);

    [Theory]
    [InlineData("name = much-too-long", "[main] name = much-too-long: must have at most 10 characters")]
    [InlineData("debug = perhaps", "[main] debug = perhaps: must be true or false")]
    [InlineData("count = 10", "[main] count = 10: must be 1 to 9")]
    [InlineData("count = many", "[main] count = many: not a whole number; must be 1 to 9")]
    [InlineData("wait = soon", "[main] wait = soon: not a duration; give seconds, e.g. 60, or hh:mm:ss")]
    [InlineData("wait = 0", "[main] wait = 0: must be 1 to 3600 seconds")]
    [InlineData("url = ftp://x", "[main] url = ftp://x: not a URL; it begins with http:// or https://")]
    [InlineData("folder = here", "[main] folder = here: must be an absolute path")]
    [InlineData("colour = gren", "[main] colour = gren: did you mean 'green'?")]
    [InlineData("id = 7", "[main] id = 7: not a UUID")]
    public void Each_kind_of_value_says_what_it_may_be(string line, string problem) =>
        Assert.Equal([problem], Read($"[main]\n{line}\n").Problems);

    [Fact]
    public void All_problems_of_all_files_are_told_at_once()
    {
        (_, List<string> problems) = Read("[main]\ncount = 0\nnam = x\n[mian]\na = b\n", "[main]\nwait = soon\n");
        Assert.Equal(4, problems.Count);
        Assert.Contains($"{folder}/0.conf: unknown key 'nam' in [main]; did you mean 'name'?", problems);
        Assert.Contains($"{folder}/0.conf: unknown section [mian]; did you mean 'main'?", problems);
    }

    [Fact]
    public void A_rule_across_keys_is_asked_when_each_key_is_right()
    {
        Assert.Equal(["[main] count: 9 is too many to debug"], Read("[main]\ndebug = true\ncount = 9\n").Problems);
        Assert.Equal(["[main] wait = soon: not a duration; give seconds, e.g. 60, or hh:mm:ss"], Read("[main]\ndebug = true\ncount = 9\nwait = soon\n").Problems);
    }

    [Theory]
    [InlineData("[main]\npassword hunter2\n")]
    [InlineData("[main]\npassword = hunter2\npassword = hunter2\n")]
    [InlineData("password = hunter2\n")]
    public void No_problem_repeats_a_secret(string text) =>
        Assert.DoesNotContain("hunter2", Assert.Single(Read(text).Problems), StringComparison.Ordinal);

    [Fact]
    public void The_sample_shows_every_key_with_its_default_or_an_example_and_reads_back()
    {
        string sample = SampleFile.Of(["A heading."], [s_section]);
        Assert.StartsWith("# A heading.\n\n[main]\n# What the tests configure.\n\n# A name.\n#name = somebody\n", sample, StringComparison.Ordinal);
        Assert.Contains("#count = 5\n", sample, StringComparison.Ordinal);
        Assert.Contains("#wait = 60\n", sample, StringComparison.Ordinal);
        Assert.Empty(Read(sample).Problems);
        Assert.Empty(Read(sample.Replace("\n#", "\n", StringComparison.Ordinal).Replace("\n ", "\n# ", StringComparison.Ordinal)).Problems);
    }

    [Fact]
    public void Folders_are_read_in_name_order_and_only_conf_files()
    {
        foreach (string name in new[] { "b.conf", "a.conf", "c.conf.bak" })
            File.WriteAllText(Path.Join(folder, name), "");
        Assert.Equal([$"{folder}/a.conf", $"{folder}/b.conf"], new ConfigurationFiles("/nowhere/x.conf").Of([], [folder]));
        Assert.Empty(new ConfigurationFiles("/nowhere/x.conf").Of([], []));
        Assert.Throws<ConfigurationException>(() => new ConfigurationFiles("/nowhere/x.conf").Of([], ["/nowhere"]));
    }

    [Fact]
    public void A_file_that_is_no_configuration_is_a_problem_and_no_crash()
    {
        string large = Path.Join(folder, "large.conf");
        File.WriteAllBytes(large, new byte[300 * 1024]);
        var problems = new List<string>();
        IniSettings.Read([large, folder, Path.Join(folder, "missing.conf")], [s_section], problems);
        Assert.Equal(3, problems.Count);
    }

    private (Options Options, List<string> Problems) Read(params IReadOnlyList<string> texts)
    {
        var problems = new List<string>();
        string[] files = [.. texts.Select((text, i) =>
        {
            string file = Path.Join(folder, $"{i}.conf");
            File.WriteAllText(file, text);
            return file;
        })];
        return (s_section.Read(IniSettings.Read(files, [s_section], problems), problems), problems);
    }

    private sealed class Options
    {
        public string? Name { get; set; }
        public string? Password { get; set; }
        public bool Debug { get; set; }
        public int Count { get; set; } = 5;
        public TimeSpan Wait { get; set; } = TimeSpan.FromMinutes(1);
        public Uri? Url { get; set; }
        public string? Folder { get; set; }
        public string Colour { get; set; } = "red";
        public IReadOnlyList<string> Words { get; set; } = [];
        public Guid? Id { get; set; }
    }
}
