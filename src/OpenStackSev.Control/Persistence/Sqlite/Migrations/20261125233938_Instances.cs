using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OpenStackSev.Control.Persistence.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class Instances : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "instance_evidence",
                columns: table => new
                {
                    Instance = table.Column<byte[]>(type: "BLOB", nullable: false),
                    Report = table.Column<byte[]>(type: "BLOB", maxLength: 4096, nullable: false),
                    Nonce = table.Column<byte[]>(type: "BLOB", maxLength: 32, nullable: false),
                    PublicKey = table.Column<byte[]>(type: "BLOB", maxLength: 512, nullable: true),
                    Vek = table.Column<byte[]>(type: "BLOB", nullable: false),
                    ReceivedAt = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_instance_evidence", x => x.Instance);
                });

            migrationBuilder.CreateTable(
                name: "instances",
                columns: table => new
                {
                    Instance = table.Column<byte[]>(type: "BLOB", nullable: false),
                    Project = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    Name = table.Column<string>(type: "TEXT", maxLength: 255, nullable: false),
                    Model = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    Status = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    Node = table.Column<byte[]>(type: "BLOB", nullable: true),
                    HostName = table.Column<string>(type: "TEXT", maxLength: 255, nullable: true),
                    Flavor = table.Column<string>(type: "TEXT", maxLength: 255, nullable: true),
                    Image = table.Column<byte[]>(type: "BLOB", nullable: true),
                    FirstSeenAt = table.Column<long>(type: "INTEGER", nullable: false),
                    SeenAt = table.Column<long>(type: "INTEGER", nullable: false),
                    GoneAt = table.Column<long>(type: "INTEGER", nullable: true),
                    Verdict = table.Column<string>(type: "TEXT", maxLength: 32, nullable: true),
                    JudgedAt = table.Column<long>(type: "INTEGER", nullable: true),
                    Result = table.Column<byte[]>(type: "BLOB", maxLength: 32768, nullable: true),
                    NextRoundAt = table.Column<long>(type: "INTEGER", nullable: false),
                    RoundOpenedAt = table.Column<long>(type: "INTEGER", nullable: true),
                    Nudges = table.Column<int>(type: "INTEGER", nullable: false),
                    NudgedAt = table.Column<long>(type: "INTEGER", nullable: true),
                    Challenge = table.Column<byte[]>(type: "BLOB", nullable: true),
                    Nonce = table.Column<byte[]>(type: "BLOB", maxLength: 32, nullable: true),
                    ChallengeExpiresAt = table.Column<long>(type: "INTEGER", nullable: true),
                    AnsweredChallenge = table.Column<byte[]>(type: "BLOB", nullable: true),
                    NoAnswerCode = table.Column<string>(type: "TEXT", maxLength: 64, nullable: true),
                    NoAnswerAt = table.Column<long>(type: "INTEGER", nullable: true),
                    Version = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_instances", x => x.Instance);
                });

            migrationBuilder.CreateTable(
                name: "policies",
                columns: table => new
                {
                    Number = table.Column<int>(type: "INTEGER", nullable: false),
                    Name = table.Column<string>(type: "TEXT", maxLength: 255, nullable: false),
                    Digest = table.Column<string>(type: "TEXT", maxLength: 96, nullable: false),
                    Document = table.Column<byte[]>(type: "BLOB", maxLength: 262144, nullable: false),
                    StoredAt = table.Column<long>(type: "INTEGER", nullable: false),
                    StoredBy = table.Column<string>(type: "TEXT", maxLength: 255, nullable: false),
                    ActivatedAt = table.Column<long>(type: "INTEGER", nullable: true),
                    ActivatedBy = table.Column<string>(type: "TEXT", maxLength: 255, nullable: true),
                    IsActive = table.Column<bool>(type: "INTEGER", nullable: false),
                    Version = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_policies", x => x.Number);
                });

            migrationBuilder.CreateTable(
                name: "reference_values",
                columns: table => new
                {
                    Digest = table.Column<string>(type: "TEXT", maxLength: 96, nullable: false),
                    Name = table.Column<string>(type: "TEXT", maxLength: 255, nullable: false),
                    CoversExecutables = table.Column<bool>(type: "INTEGER", nullable: false),
                    AddedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    AddedBy = table.Column<string>(type: "TEXT", maxLength: 255, nullable: false),
                    RemovedAt = table.Column<long>(type: "INTEGER", nullable: true),
                    RemovedBy = table.Column<string>(type: "TEXT", maxLength: 255, nullable: true),
                    Version = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_reference_values", x => x.Digest);
                });

            migrationBuilder.CreateIndex(
                name: "IX_instances_GoneAt_NextRoundAt",
                table: "instances",
                columns: new[] { "GoneAt", "NextRoundAt" });

            migrationBuilder.CreateIndex(
                name: "IX_instances_Node",
                table: "instances",
                column: "Node");

            migrationBuilder.CreateIndex(
                name: "IX_instances_Project_Instance",
                table: "instances",
                columns: new[] { "Project", "Instance" });

            migrationBuilder.CreateIndex(
                name: "IX_instances_RoundOpenedAt",
                table: "instances",
                column: "RoundOpenedAt");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "instance_evidence");

            migrationBuilder.DropTable(
                name: "instances");

            migrationBuilder.DropTable(
                name: "policies");

            migrationBuilder.DropTable(
                name: "reference_values");
        }
    }
}
