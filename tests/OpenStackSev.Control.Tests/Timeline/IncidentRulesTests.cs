using System.Text;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Timeline;

namespace OpenStackSev.Control.Tests.Timeline;

/// <summary>Where incidents begin and end.</summary>
public sealed class IncidentRulesTests
{
    private const string Good = """instance.verdict {"verdict":"affirming"}""", Bad = """instance.verdict {"verdict":"contraindicated"}""", None = """instance.verdict {"verdict":"none"}""";

    /// <summary>Each incident as "from-to" of records counted from 1; without an end as "from-".</summary>
    [Theory]
    [InlineData("", Good, Good)]
    [InlineData("2-4", Good, Bad, Bad, Good, Good)]
    [InlineData("1-2 3-", Bad, Good, Bad)]
    [InlineData("1-", Bad, None, """instance.moved {}""")]
    [InlineData("1-3", Bad, """enforcement.done {"measure":"lock"}""", """instance.verdict {"verdict":"warning"}""", """enforcement.undone {"measure":"lock"}""")]
    [InlineData("1-2", """instance.silent {"verdict":"none"}""", Good)]
    [InlineData("", """instance.silent {"verdict":"none","no_answer":"snp.crl.stale"}""", Good)]
    [InlineData("1-2", """instance.not_encrypted {}""", """instance.gone {}""")]
    [InlineData("", None, """instance.no_answer {"code":"x"}""", """instance.gone {}""")]
    [InlineData("1-2", """host.silent {}""", """host.returned {}""")]
    [InlineData("1-4", """host.chip.changed {}""", """host.silent {}""", """host.returned {}""", """host.chip.approved {}""")]
    [InlineData("1-2", """host.quarantined {}""", """host.released {}""")]
    [InlineData("1-2", """host.trust.changed {"level":"untrusted"}""", """host.trust.changed {"level":"trusted"}""")]
    [InlineData("1-5", """host.trust.changed {"level":"untrusted"}""", """host.quarantined {}""", """host.trust.changed {"level":"quarantined"}""", """host.released {}""", """host.trust.changed {"level":"unknown"}""")]
    [InlineData("", """host.trust.changed {"level":"unknown"}""", """host.trust.changed {"level":"trusted"}""", """host.quarantine.requested {}""")]
    [InlineData("1-2", """host.chip.conflict {}""", """host.reported {}""")]
    [InlineData("", """host.reported {}""", """host.chip.registered {}""", """host.chip.approved {}""")]
    public void An_incident_lasts_from_the_first_bad_word_to_the_first_good_one(string expected, params string[] rows)
    {
        HistoryRow[] history = [.. rows.Select((row, index) => Row(index + 1, row))];
        Assert.Equal(expected, string.Join(' ', IncidentRules.Of(history).Select(incident => $"{incident.Number}-{incident.End?.Id}")));
    }

    private static HistoryRow Row(long id, string row) => new()
    {
        Id = id,
        Writer = "control",
        Sequence = id,
        Time = DateTimeOffset.UnixEpoch.AddMinutes(id),
        Kind = row[..row.IndexOf(' ', StringComparison.Ordinal)],
        Subject = Guid.Empty,
        Body = Encoding.UTF8.GetBytes(row[(row.IndexOf(' ', StringComparison.Ordinal) + 1)..]),
        Hash = new byte[32],
    };
}
