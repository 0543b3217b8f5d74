using System.Text;
using Microsoft.Extensions.DependencyInjection;
using OpenStackSev.Control.Enforcement;
using OpenStackSev.Control.Notifications;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Reattestation.Sweep;
using OpenStackSev.Control.Tests.Fakes;
using OpenStackSev.Control.Tests.Reattestation;
using OpenStackSev.OpenStack;
using OpenStackSev.Simulation.Fleet;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Control.Tests.Enforcement;

/// <summary>A cloud that lives by a seed, minute by minute: servers come, go, move, are rebuilt and stopped; guests lie; Nova and the control plane fail.</summary>
/// <remarks>The real application, real reports of simulated processors over HTTP, a fake Nova, and a clock that a test advances.</remarks>
internal sealed class SimulatedLife : IAsyncDisposable
{
    public const string Rules = """
        mode: enforce
        rules:
          - {verdict: contraindicated, after: 0s, measures: [record, event, tag]}
          - {verdict: contraindicated, after: 4m, measures: [lock]}
          - {verdict: contraindicated, after: 8m, measures: [stop]}
        projects: {"*": stop, p6: event}
        exempt: {projects: [p5]}
        limits: {most_a_run: 5, most_an_hour: 500}
        breaker: {share: 0.5, minimum: 6, window: 20m}
        """;

    private const string User = "somebody";
    private static readonly string[] s_hosts = [GuestLab.Host, GuestLab.OtherHost];
    private static readonly string[] s_projects = ["p1", "p2", "p3", "p4", "p5", "p6"];

    private readonly Random chance;
    private readonly Dictionary<Guid, Citizen> citizens = [];
    private readonly List<byte[]> undelivered = [];
    private readonly string rulesFile;
    private int novaIsAwayFor;

    private SimulatedLife(int seed, GuestLab lab, FakeNova nova, string rulesFile) => (chance, Lab, Nova, this.rulesFile) = (new Random(seed), lab, nova, rulesFile);

    public GuestLab Lab { get; }
    public FakeNova Nova { get; }

    /// <summary>What happened, for the message of a failure.</summary>
    public List<string> Diary { get; } = [];

    public IReadOnlyDictionary<Guid, Citizen> Citizens => citizens;
    public bool NovaIsAway => novaIsAwayFor > 0;
    public DateTimeOffset Now => Lab.Control.Time.GetUtcNow();

    public static async Task<SimulatedLife> BeginAsync(int seed, int servers)
    {
        var nova = new FakeNova();
        string file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, Rules);
        GuestLab lab = await GuestLab.StartAsync(new Dictionary<string, string>
        {
            ["enforcement.rules_file"] = file,
            // Hosts report once; what is lived here is instances.
            ["hosts.heartbeat_interval"] = "3600",
            ["hosts.proof_lifetime"] = "86400",
            ["sweep.grace"] = "600",
            ["sweep.silence"] = "contraindicated",
        }, cloud: nova.Map);
        nova.Time = lab.Control.Time;
        await lab.PolicyAsync("""{"version":1,"name":"life","minimum_tcb":{"turin":{"snp":4}}}""");
        var life = new SimulatedLife(seed, lab, nova, file);
        for (int i = 0; i < servers; i++)
            life.Boot();
        return life;
    }

    public T Of<T>()
        where T : notnull => Lab.Control.App.Services.GetRequiredService<T>();

    /// <summary>One minute. What is heard, answered, swept and enforced comes in that order, as far as it comes at all.</summary>
    /// <param name="quiet">Nothing happens any more but what is due.</param>
    public async Task MinuteAsync(bool quiet = false)
    {
        Lab.Control.Time.Advance(TimeSpan.FromMinutes(1));
        novaIsAwayFor = Math.Max(0, novaIsAwayFor - 1);
        if (quiet)
            novaIsAwayFor = 0;
        else
            await HappenAsync();
        Nova.Fails = NovaIsAway ? _ => 503 : _ => null;
        await HearAsync();
        await AnswerAsync();
        await Of<FleetSweep>().RunAsync(TestContext.Current.CancellationToken);
        await Of<EnforcementRound>().RunAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Lies end, and users start what they stopped.</summary>
    public void ComeToRest()
    {
        foreach (Citizen citizen in Living())
        {
            citizen.Lie = SimulatedLie.None;
            if (citizen.StoppedByUser && Nova.Server(citizen.Id).Status == "SHUTOFF")
                Start(citizen);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Lab.DisposeAsync();
        File.Delete(rulesFile);
    }

    private bool Happens(double share) => chance.NextDouble() < share;

    private async Task HappenAsync()
    {
        if (Happens(0.15))
            Boot();
        if (Happens(0.03))
            novaIsAwayFor = chance.Next(1, 6);
        if (Happens(0.03))
        {
            Diary.Add($"{Now:HH:mm} the control plane is restarted");
            await Lab.Control.RestartAsync();
        }

        foreach (Citizen citizen in Living().ToArray())
        {
            if (citizen.LiesUntil <= Now && citizen.Lie != SimulatedLie.None)
                Tell(citizen, SimulatedLie.None, "tells the truth");
            Live(citizen);
        }
    }

    private void Live(Citizen citizen)
    {
        FakeServer server = Nova.Server(citizen.Id);
        if (Happens(0.01))
            Delete(citizen);
        else if (Happens(0.01) && server.Status == "ACTIVE")
            Move(citizen);
        else if (Happens(0.01) && server.Status == "ACTIVE")
            Notify(citizen, "instance.rebuild.end", "is rebuilt");
        else if (Happens(0.01) && server is { Status: "ACTIVE", IsLocked: false })
            Stop(citizen);
        else if (Happens(0.1) && citizen.StoppedByUser && server.Status == "SHUTOFF" && (!server.IsLocked || citizen.LockedByUser))
            Start(citizen);
        else if (Happens(0.01) && !server.IsLocked && !citizen.LockedByUser)
            Lock(citizen);
        else if (Happens(0.02) && citizen.Lie == SimulatedLie.None)
            Lie(citizen);
    }

    private void Boot()
    {
        string host = Pick(s_hosts), project = Pick(s_projects);
        FakeServer server = Nova.Add(new FakeServer(Id(), project, $"vm-{citizens.Count}") { Host = host });
        var citizen = new Citizen(server.Id, project) { Chip = Array.IndexOf(s_hosts, host) };
        citizens.Add(server.Id, citizen);
        Notify(citizen, "instance.create.end", $"is born on {host} in {project}");
    }

    private void Delete(Citizen citizen)
    {
        Nova.Delete(citizen.Id);
        citizen.IsDead = true;
        Notify(citizen, "instance.delete.end", "is deleted");
    }

    private void Move(Citizen citizen)
    {
        citizen.Chip = 1 - citizen.Chip;
        Nova.Change(citizen.Id, server => server with { Host = s_hosts[citizen.Chip] });
        Notify(citizen, "instance.resize_confirm.end", $"moves to {s_hosts[citizen.Chip]}");
    }

    private void Stop(Citizen citizen)
    {
        Nova.Act(citizen.Id, "os-stop", User);
        citizen.StoppedByUser = true;
        Notify(citizen, "instance.power_off.end", "is stopped by its user");
    }

    private void Start(Citizen citizen)
    {
        Nova.Act(citizen.Id, "os-start", User);
        citizen.StoppedByUser = false;
        Notify(citizen, "instance.power_on.end", "is started by its user");
    }

    private void Lock(Citizen citizen)
    {
        Nova.Act(citizen.Id, "lock", User, "mine");
        citizen.LockedByUser = true;
        Diary.Add($"{Now:HH:mm} {citizen.Id} is locked by its user");
    }

    private void Lie(Citizen citizen)
    {
        SimulatedLie lie = Pick(SimulatedLie.Debug, SimulatedLie.OldTcb, SimulatedLie.WrongChip, SimulatedLie.ForeignNonce, SimulatedLie.Silence);
        citizen.LiesUntil = Now.AddMinutes(chance.Next(3, 40));
        Tell(citizen, lie, $"begins to lie: {lie}, until {citizen.LiesUntil:HH:mm}");
    }

    private void Tell(Citizen citizen, SimulatedLie lie, string what)
    {
        citizen.Lie = lie;
        Diary.Add($"{Now:HH:mm} {citizen.Id} {what}");
    }

    private void Notify(Citizen citizen, string eventType, string what)
    {
        Diary.Add($"{Now:HH:mm} {citizen.Id} {what}");
        string time = Now.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.ffffff", System.Globalization.CultureInfo.InvariantCulture);
        string payload = $$$"""{"event_type":"{{{eventType}}}","timestamp":"{{{time}}}","payload":{"nova_object.data":{"uuid":"{{{citizen.Id}}}"} } }""";
        undelivered.Add(Encoding.UTF8.GetBytes(payload));
    }

    /// <summary>Notifications come in any order; some are lost, some come twice, and those that could not be followed up come again.</summary>
    private async Task HearAsync()
    {
        byte[][] heard = [.. undelivered];
        undelivered.Clear();
        chance.Shuffle(heard);
        foreach (byte[] body in heard)
        {
            if (Happens(0.1))
                continue;
            if (Happens(0.1))
                undelivered.Add(body);
            Assert.True(Notification.TryParse(body, 10_000, out Notification? notification, out _));
            try
            {
                await Of<InstanceFollowUp>().FollowAsync(notification.Instance!.Value, InstanceHint.Of(notification, Now), TestContext.Current.CancellationToken);
            }
            catch (OpenStackApiException)
            {
                undelivered.Add(body);
            }
        }
    }

    /// <summary>Guests that run and whose round is open or due answer, unless they are silent.</summary>
    private async Task AnswerAsync()
    {
        var members = new List<FleetMember>();
        foreach (Citizen citizen in Living().Where(one => one.Lie != SimulatedLie.Silence && Nova.Server(one.Id).Status == "ACTIVE").ToArray())
        {
            InstanceState? state = await Of<InstanceStates>().FindAsync(citizen.Id, TestContext.Current.CancellationToken);
            if (state is null || (state.RoundOpenedAt is null && state.NextRoundAt > Now))
                continue;
            citizen.Ticket ??= (await Lab.VendordataAsync(citizen.Id)).OpenstackSev?.Ticket;
            if (citizen.Ticket is { } ticket)
                members.Add(new FleetMember(citizen.Id, ticket, citizen.Chip, citizen.Lie));
        }

        if (members.Count == 0)
            return;
        using var fleet = new SimulatedFleet(Lab.Control.Http, [Lab.Chip, Lab.OtherChip], members);
        await fleet.RoundAsync(new FleetPace { Parallel = 4 }, TestContext.Current.CancellationToken);
    }

    private IEnumerable<Citizen> Living() => citizens.Values.Where(citizen => !citizen.IsDead);

    private T Pick<T>(params T[] all) => all[chance.Next(all.Length)];

    private Guid Id()
    {
        byte[] bytes = new byte[16];
        chance.NextBytes(bytes);
        return new Guid(bytes);
    }
}

/// <summary>A server and its guest.</summary>
internal sealed class Citizen(Guid id, string project)
{
    public Guid Id { get; } = id;
    public string Project { get; } = project;

    /// <summary>Of the host that it runs on.</summary>
    public int Chip { get; set; }

    public string? Ticket { get; set; }
    public SimulatedLie Lie { get; set; }
    public DateTimeOffset LiesUntil { get; set; }
    public bool IsDead { get; set; }
    public bool StoppedByUser { get; set; }
    public bool LockedByUser { get; set; }
}
