using OpenStackSev.Api.Policies;
using OpenStackSev.Control.Configuration;
using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Identity;
using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Reattestation.Policies;
using OpenStackSev.Control.Tests.Persistence;

namespace OpenStackSev.Control.Tests.Reattestation.Policies;

public sealed class PolicyStoreTests
{
    private static readonly Caller s_alice = new() { Name = "alice", UserId = "u-alice" };

    [Fact]
    public async Task Two_activations_that_saw_the_same_collide_also_while_no_version_is_active()
    {
        await using TemporaryDatabase database = await TemporaryDatabase.StartAsync();
        var states = new PolicyStates(database.Database);
        foreach (int number in new[] { 1, 2, 3 })
            await database.History.AppendAsync(Given.Record(Given.Version(number, $$"""{"version":1,"name":"v{{number}}"}""")));
        PolicyVersion first = (await states.FindAsync(1))!, second = (await states.FindAsync(2))!, third = (await states.FindAsync(3))!;

        await database.History.AppendAsync(PolicyRecords.Activated(second, null, first, s_alice, Given.Now));
        StorageException late = await Assert.ThrowsAsync<StorageException>(
            () => database.History.AppendAsync(PolicyRecords.Activated(third, null, first, s_alice, Given.Now)));
        Assert.Equal(StorageCodes.Conflict, late.Code);
        Assert.Equal(2, (await states.ActiveAsync())!.Number);
        Assert.False((await states.FindAsync(3))!.IsActive);
    }

    [Fact]
    public async Task Many_administrators_at_once_leave_one_version_active_and_hear_of_each_other()
    {
        await using TemporaryDatabase database = await TemporaryDatabase.StartAsync();
        var states = new PolicyStates(database.Database);
        PolicyStore store = Store(database, database.History);
        for (int i = 1; i <= 6; i++)
            await store.StoreAsync(Document($"v{i}"), s_alice, default);

        ApiException?[] refusals = await Task.WhenAll(Enumerable.Range(1, 6).Select(async number =>
        {
            try
            {
                await store.ActivateAsync(number, replaces: 0, s_alice, default);
                return null;
            }
            catch (ApiException e)
            {
                return e;
            }
        }));
        Assert.Equal(5, refusals.Count(refusal => refusal?.Error == PolicyErrors.ActiveChanged));
        Assert.Single(await states.ListAsync(10), version => version.IsActive);
        Assert.Single(await database.Reader.OfSubjectAsync(PolicyRecords.Policies, 100), row => row.Kind == PolicyEvents.Activated);
    }

    [Fact]
    public async Task The_same_document_of_two_control_planes_is_one_version()
    {
        await using TemporaryDatabase database = await TemporaryDatabase.StartAsync();
        HistoryWriter other = database.NewWriter("control-2");
        await other.StartAsync(default);
        (PolicyVersion Version, bool IsNew)[] stored = await Task.WhenAll(Enumerable.Range(0, 8).Select(
            i => Store(database, i % 2 == 0 ? database.History : other).StoreAsync(Document("same"), s_alice, default)));
        await other.StopAsync(default);
        Assert.All(stored, one => Assert.Equal(1, one.Version.Number));
        Assert.Single(stored, one => one.IsNew);
    }

    [Fact]
    public async Task History_and_event_say_who_replaced_what()
    {
        await using TemporaryDatabase database = await TemporaryDatabase.StartAsync();
        PolicyStore store = Store(database, database.History);
        await store.StoreAsync(Document("strict"), s_alice, default);
        await store.ActivateAsync(1, 0, s_alice, default);
        HistoryRow row = (await database.Reader.OfSubjectAsync(PolicyRecords.Policies, 1))[0];
        Assert.Equal(PolicyEvents.Activated, row.Kind);
        Assert.Matches("""^\{"number":1,"name":"strict","digest":"sha256:[0-9a-f]{64}","by":"alice","by_id":"u-alice","replaces":0\}$""", System.Text.Encoding.UTF8.GetString(row.Body));
        string line = database.Lines.Lines[^1];
        Assert.Contains("\"user\":{\"id\":\"u-alice\",\"name\":\"alice\"}", line, StringComparison.Ordinal);
        Assert.Contains("\"category\":[\"configuration\"]", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task As_many_reference_values_as_are_taken_at_once_fit_into_history()
    {
        await using TemporaryDatabase database = await TemporaryDatabase.StartAsync();
        var states = new PolicyStates(database.Database);
        var store = new ReferenceStore(states, database.History, Active(states, database), database.Time);
        NewReferenceValue[] values = [.. Enumerable.Range(0, NewReferenceValues.MostAtOnce)
            .Select(i => new NewReferenceValue(i.ToString("x96"), new string('✓', NewReferenceValues.LongestName), true))];
        Assert.Equal(values.Length, (await store.AddAsync(values, s_alice, default)).Values.Count);
        Assert.Single(await database.Reader.OfSubjectAsync(PolicyRecords.ReferenceValues, 10));
    }

    [Fact]
    public async Task An_activation_between_reading_and_writing_is_noticed_whichever_rows_it_wrote()
    {
        await using TemporaryDatabase database = await TemporaryDatabase.StartAsync();
        var states = new PolicyStates(database.Database);
        foreach (int number in new[] { 1, 2 })
            await database.History.AppendAsync(Given.Record(Given.Version(number, $$"""{"version":1,"name":"v{{number}}"}""")));
        PolicyVersion first = (await states.FindAsync(1))!;
        await database.History.AppendAsync(PolicyRecords.Activated((await states.FindAsync(2))!, null, first, s_alice, Given.Now));
        // Decided while none was active, and the version to activate was read later than the first one.
        PolicyVersion again = (await states.FindAsync(1))!;
        await Assert.ThrowsAsync<StorageException>(
            () => database.History.AppendAsync(PolicyRecords.Activated(again, null, first, s_alice, Given.Now)));
        Assert.Equal(2, (await states.ActiveAsync())!.Number);
    }

    [Fact]
    public async Task Two_administrators_who_remove_the_last_two_reference_values_leave_one()
    {
        await using TemporaryDatabase database = await TemporaryDatabase.StartAsync();
        var states = new PolicyStates(database.Database);
        var store = new ReferenceStore(states, database.History, Active(states, database), database.Time);
        await store.AddAsync([new(Given.DigestA, "a"), new(Given.DigestB, "b")], s_alice, default);
        ApiException?[] refusals = await Task.WhenAll(new[] { Given.DigestA, Given.DigestB }.Select(async digest =>
        {
            try
            {
                await store.RemoveAsync(digest, allowUnchecked: false, s_alice, default);
                return null;
            }
            catch (ApiException e)
            {
                return e;
            }
        }));
        Assert.Equal(PolicyErrors.ReferenceLast, Assert.Single(refusals, refusal => refusal is not null)!.Error);
        Assert.Single(await states.ReferenceValuesAsync(), value => value.RemovedAt is null);
    }

    private static PolicyStore Store(TemporaryDatabase database, HistoryWriter writer)
    {
        var states = new PolicyStates(database.Database);
        return new PolicyStore(states, writer, Active(states, database), new EndorsementOptions(), database.Time);
    }

    private static ActivePolicy Active(PolicyStates states, TemporaryDatabase database) => new(states, new EndorsementOptions(), database.Time);

    private static byte[] Document(string name) => System.Text.Encoding.UTF8.GetBytes($$"""{"version":1,"name":"{{name}}"}""");
}
