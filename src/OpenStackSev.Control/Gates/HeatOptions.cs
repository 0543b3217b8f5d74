using OpenStackSev.Configuration;

namespace OpenStackSev.Control.Gates;

/// <summary>What a verdict that is only a warning makes of a gate.</summary>
internal enum GateOnWarning
{
    Fail,
    Wait,
    Pass,
}

/// <summary>How stacks are told that their servers proved themselves. Section <c>[heat]</c>.</summary>
public sealed class HeatOptions
{
    private const string Fail = "fail";
    private const string Wait = "wait";
    private const string Pass = "pass";

    public static IniSection<HeatOptions> Section { get; } =
        new IniSection<HeatOptions>("heat", "Stacks whose creation waits until a server has proved itself. The service's user needs role reader in the projects of those stacks. Without Heat in the catalogue nothing is done.")
            .Flag("enabled", "Signal the wait conditions that servers name in their metadata.",
                o => o.Enabled, (o, value) => o.Enabled = value)
            .Duration("interval", "Seconds between two looks at the gates that wait; a verdict is looked at at once. 5 to 3600.",
                o => o.Interval, (o, value) => o.Interval = value, TimeSpan.FromSeconds(5), TimeSpan.FromHours(1))
            .Choice("warning", "What a verdict of warning does: fail the stack, wait for a better one, or pass as affirming does. Silence after the grace always fails it.",
                o => o.WarningWord, (o, value) => o.WarningWord = value, Fail, Wait, Pass)
            .Duration("give_up_after", "Seconds after which a gate that could not be signalled is given up: no wait condition waits longer than 43200. 600 to 604800.",
                o => o.GiveUpAfter, (o, value) => o.GiveUpAfter = value, TimeSpan.FromMinutes(10), TimeSpan.FromDays(7));

    public bool Enabled { get; set; } = true;
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(15);
    public string WarningWord { get; set; } = Fail;
    public TimeSpan GiveUpAfter { get; set; } = TimeSpan.FromHours(12);

    internal GateOnWarning Warning => WarningWord switch
    {
        Wait => GateOnWarning.Wait,
        Pass => GateOnWarning.Pass,
        _ => GateOnWarning.Fail,
    };
}
