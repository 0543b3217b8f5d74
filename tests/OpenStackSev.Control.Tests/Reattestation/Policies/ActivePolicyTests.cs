using Microsoft.Extensions.Time.Testing;
using OpenStackSev.Control.Configuration;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Reattestation.Policies;
using OpenStackSev.Control.Tests.Persistence;

namespace OpenStackSev.Control.Tests.Reattestation.Policies;

public sealed class ActivePolicyTests
{
    private const string Document = """{"version":1,"name":"strict"}""";

    [Fact]
    public async Task What_was_read_is_believed_for_its_lifetime_and_not_after_a_change()
    {
        await using TemporaryDatabase database = await TemporaryDatabase.StartAsync();
        var time = new FakeTimeProvider(Given.Now);
        var active = new ActivePolicy(new PolicyStates(database.Database), new EndorsementOptions(), time);
        Assert.Equal(0, (await active.GetAsync()).Number);

        await database.History.AppendAsync(Given.Record(Given.Version(1, Document, active: true)));
        Assert.Equal(0, (await active.GetAsync()).Number);
        time.Advance(ActivePolicy.Lifetime);
        Assert.Equal(1, (await active.GetAsync()).Number);

        await database.History.AppendAsync(Given.Record(Given.Value(Given.DigestA)));
        Assert.Empty((await active.GetAsync()).Policy.ReferenceValues.LaunchDigests);
        active.Changed();
        Assert.Single((await active.GetAsync()).Policy.ReferenceValues.LaunchDigests);
    }

    [Fact]
    public async Task A_clock_that_is_set_back_keeps_nothing_alive()
    {
        await using TemporaryDatabase database = await TemporaryDatabase.StartAsync();
        var time = new SetBack { Now = Given.Now };
        var active = new ActivePolicy(new PolicyStates(database.Database), new EndorsementOptions(), time);
        await active.GetAsync();
        await database.History.AppendAsync(Given.Record(Given.Version(1, Document, active: true)));
        time.Now = Given.Now.AddHours(-1);
        Assert.Equal(1, (await active.GetAsync()).Number);
    }

    private sealed class SetBack : TimeProvider
    {
        public DateTimeOffset Now { get; set; }

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
